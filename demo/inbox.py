"""The catcher's folder as web pages: the newest mails, and one mail as a reader, as text, as sent."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

_SHOWN = 200
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'"
_NAME = re.compile(r"/(\d{7}\.eml)(/html|/raw)?$")
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 68rem; padding: 1.5rem; background: #f7f8fa }
table { width: 100%; border-collapse: collapse; background: #fff }
td, th { padding: .5rem .75rem; text-align: left; border-bottom: 1px solid #e4e7eb }
a { color: #0b5394 }
input, button { font: inherit; padding: .4rem .6rem }
iframe { width: 100%; height: 70vh; border: 1px solid #cbd2d9; background: #fff }
pre { white-space: pre-wrap; background: #fff; padding: 1rem; border: 1px solid #e4e7eb }
"""


def mails(folder: Path) -> Iterator[dict[str, object]]:
    """Yield what is known of every kept mail, oldest first: file, at, from, to."""
    index = folder / "index.jsonl"
    if index.exists():
        with index.open() as lines:
            for line in lines:
                if line.endswith("\n"):
                    yield json.loads(line)


def read(path: Path) -> EmailMessage:
    """Return a kept mail, parsed."""
    parsed = message_from_bytes(path.read_bytes(), policy=policy.default)
    return parsed if isinstance(parsed, EmailMessage) else EmailMessage()


def handler_of(folder: Path) -> type[BaseHTTPRequestHandler]:
    """Return a request handler that shows this folder."""

    class Inbox(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            named = _NAME.fullmatch(address.path)
            if named and (folder / named[1]).exists():
                self._one(folder / named[1], named[2] or "")
            elif address.path == "/":
                wanted = parse_qs(address.query).get("to", [""])[0]
                self._answer(_list(folder, wanted), "text/html; charset=utf-8")
            else:
                self.send_error(HTTPStatus.NOT_FOUND)

        def _one(self, path: Path, view: str) -> None:
            if view == "/raw":
                self._answer(path.read_bytes().decode("utf-8", "replace"), "text/plain; charset=utf-8")
            elif view == "/html":
                part = read(path).get_body(("html",))
                self._answer(part.get_content() if part else "", "text/html; charset=utf-8")
            else:
                self._answer(_page(path), "text/html; charset=utf-8")

        def _answer(self, body: str, kind: str) -> None:
            data = body.encode()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            # A mail may hold anything; nothing in it may run, and no image tells that it was looked at.
            self.send_header("Content-Security-Policy", _POLICY)
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_words: object) -> None:
            """Looking at mail is not worth a line."""

    return Inbox


def _list(folder: Path, wanted: str) -> str:
    found = [mail for mail in mails(folder) if wanted.lower() in " ".join(map(str, mail["to"])).lower()]  # type: ignore[call-overload]
    rows = "".join(_row(folder, mail) for mail in reversed(found[-_SHOWN:]))
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Caught mail</title><style>{_STYLE}</style>"
        f"<h1>Caught mail</h1><p>{len(found):,} mails; nothing left this machine.</p>"
        f'<form><label>To: <input name=to value="{html.escape(wanted)}"></label> <button>Search</button></form>'
        f"<table><tr><th>At<th>To<th>Subject</tr>{rows}</table>"
    )


def _row(folder: Path, mail: dict[str, object]) -> str:
    subject = str(read(folder / str(mail["file"])).get("Subject", ""))
    to = ", ".join(map(str, mail["to"]))  # type: ignore[call-overload]
    return (
        f"<tr><td>{html.escape(str(mail['at']))}<td>{html.escape(to)}"
        f'<td><a href="/{mail["file"]}">{html.escape(subject) or "(none)"}</a></tr>'
    )


def _page(path: Path) -> str:
    mail = read(path)
    text = mail.get_body(("plain",))
    headers = "".join(f"{html.escape(name)}: {html.escape(str(value))}\n" for name, value in mail.items())
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(str(mail['Subject']))}</title>"
        f"<style>{_STYLE}</style><p><a href='/'>All mail</a> · <a href='/{path.name}/raw'>As sent</a></p>"
        f"<h1>{html.escape(str(mail['Subject']))}</h1>"
        f"<iframe sandbox src='/{path.name}/html' title='The mail'></iframe>"
        f"<h2>Text part</h2><pre>{html.escape(text.get_content() if text else '')}</pre>"
        f"<h2>Headers</h2><pre>{headers}</pre>"
    )
