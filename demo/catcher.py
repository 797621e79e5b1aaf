"""The mail catcher of `make run`: a mail server that keeps what it takes in a folder.

It behaves like the mailboxes of the made-up shop: addresses at gone.example do not exist any more, those at
full.example are full. Everything else is taken and shown on a small web page.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import uvloop
from aiosmtpd.smtp import SMTP, Envelope, Session

from app.kernel import logs
from demo import inbox

_LARGEST = 30 * 1024 * 1024
REFUSED = {
    "gone.example": "550 5.1.1 There is no such mailbox here",
    "full.example": "452 4.2.2 This mailbox is full",
}


class Keeper:
    """What aiosmtpd asks at each step of a delivery."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._index = (folder / "index.jsonl").open("a", buffering=1)
        self._count = sum(1 for _ in (folder / "index.jsonl").open())

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        refused = REFUSED.get(address.rpartition("@")[2].lower())
        if refused:
            return refused
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        self._count += 1
        name = f"{self._count:07d}.eml"
        (self._folder / name).write_bytes(raw)
        line = {
            "file": name,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
        }
        self._index.write(json.dumps(line, ensure_ascii=False) + "\n")
        return f"250 2.0.0 Kept as {name}"


def main() -> None:
    """Serve until told to stop; SMTP_URL and CATCHER_URL say where."""
    logs.configure()
    smtp, web = urlsplit(os.environ["SMTP_URL"]), urlsplit(os.environ["CATCHER_URL"])
    folder = Path(os.environ["VAR_DIR"]) / "mail"
    uvloop.run(_serve(folder, (smtp.hostname or "127.0.0.1", smtp.port or 25), (web.hostname or "", web.port or 0)))


async def _serve(folder: Path, smtp: tuple[str, int], web: tuple[str, int]) -> None:
    loop = asyncio.get_running_loop()
    keeper = Keeper(folder)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    pages = ThreadingHTTPServer(web, inbox.handler_of(folder))
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    server = await loop.create_server(lambda: SMTP(keeper, data_size_limit=_LARGEST, enable_SMTPUTF8=True), *smtp)
    async with server:
        await ended.wait()
    pages.shutdown()


if __name__ == "__main__":
    main()
