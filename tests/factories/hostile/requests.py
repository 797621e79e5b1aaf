"""What nobody sends by mistake: values, headers and bodies that have broken programs before, and where to put them."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

# Percent-encoded, because some are no text at all.
VALUES = tuple(
    value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
    for value in (
        *("\0", "ada\0@shop.example", "\ud800", b"\xff\xfe\xed\xa0\x80", "a\0\ud800b", "\u2028\u202e\ufeff\ufffe"),
        *("9" * 400, "-9223372036854775809", "9223372036854775807", "1e9999999999", "1e-400", "NaN"),
        *("²", "٣", "1_000", "0x10", " 7 ", "+7", "-0", "1e5"),
        *("2026-13-45", "0001-01-01", "9999-12-31", "9999-12-31T23:59", "10000-01-01T00:00", "24:61"),
        *("x" * 20_000, "🙂" * 3000, "a@" + "b." * 2000 + "c", "add@r.²", "a@xn--", '"a b"@shop.example', "a@[::1]"),
        *("http://[", "http://[::1", "//evil.example", "javascript:alert(1)", "\\\\evil", "http://a\nb", "http://\ud800/"),
        *("[" * 5000, "{" * 5000, '{"all":' * 800, "null", "[]", '"x"', "{}", "[[1]]", '{"all": [null]}', '{"a": NaN}'),
        '{"all":[{"field":"tags","op":"has_tag","value":"\\u0000"}]}',
        '{"all":[{"field":"tags","op":"has_tag","value":"\\ud800"}]}',
        *('{"all":[{"field":"sum","op":"over","value":1e99999}]}', '[{"id": "\\ud800", "kind": "wait"}]'),
        *("{{", "{% if", "{{ 0x" + "f" * 4000 + " }}", "{{ 9" + "9" * 5000 + " }}", "<mjml>", "%s%n"),
        *('a,b\n"c', "zh-Hans-CN-x-" + "y" * 200, "../../etc/passwd", "__class__", "Europe/../UTC", "C:", "\r\nX: y"),
    )
)
HEADERS: tuple[dict[str, str], ...] = (
    {"Referer": "http://["},
    {"Referer": "http://[::1", "Origin": "http://[", "HX-Request": "true", "HX-Current-URL": "http://["},
    {"Origin": "null", "Referer": "//\u00e9\u00ff"},
    {"Accept-Language": "zh;q=1e400,en;q=-1,*;q=nan,x" + "-y" * 300},
    {"Accept-Language": "\u00ff,;;q==", "Accept-Encoding": "gzip;q=a,br;q=1e999,*;q=0"},
    {"Cookie": 'language=\u00ff; theme="\\; assent=.e.e.e; assent=' + "A" * 3000},
    {"Cookie": 'assent_session=\u00e9; ;;=; a="b; language=zh\x7f'},
    {"Range": "bytes=9999999999999999999999-,-,a-b", "If-Range": "\u00ff"},
    {"If-None-Match": '"' * 50, "If-Modified-Since": "Mon, 99 Foo 99999 99:99:99 GMT"},
    {"Content-Type": "multipart/form-data"},
    {"Content-Type": "multipart/form-data; boundary=" + "b" * 300},
    {"Content-Type": "application/json; charset=utf-99"},
    {"Content-Type": "application/x-www-form-urlencoded; charset=\u00ff"},
    {"Authorization": "Bearer assent_99999999999999999999_\u00ff"},
    {"Authorization": "Bearer assent_\u00b2_x", "Idempotency-Key": "\u00ff" * 400},
    {"Authorization": "Bearer"},
    {"User-Agent": "\u00ff" * 5000, "X-Forwarded-For": "\u00ff, [::1"},
    {"Host": "[::1"},
    {"Host": "a\u00ffb:99999999"},
    {"HX-Request": "true", "HX-History-Restore-Request": "\u00ff", "HX-Target": "\u00ff"},
)
BODIES: tuple[tuple[str, bytes], ...] = (
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nnever ends'),
    ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--"),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="\0\xff"\r\n\r\n\0\r\n--x--\r\n',
    ),
    ("multipart/form-data; boundary=x", b"--x\r\n" + b"A: b\r\n" * 3000),
    ("application/x-www-form-urlencoded", b"&=&%&%zz&%00=%00&" + b"a=b&" * 2000),
    ("application/json", b"\xff\xfe{\x00}\x00"),
    ("application/json", '{"email": "ada@shop.example"}'.encode("utf-16-le")),
    ("application/json", b"[" * 20_000),
    ("application/json", b'{"email": "\\ud800@shop.example", "fields": {"\\u0000": 1e99999}}'),
    ("text/csv", b"a,b"),
    ("", b"\0" * 100),
)


@dataclass
class Form:
    """A form on a page: where it posts, and what a browser would send."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


def forms_of(page: str) -> list[Form]:
    """Return every form of a page with all its controls, and every address that htmx would ask."""
    reader = _Reader()
    reader.feed(page)
    return [form for form in reader.forms if form.action.startswith("/")]


def encoded(fields: dict[str, str], **hostile: bytes) -> bytes:
    """Return fields as a form's body, some of them replaced by bytes that may be no text."""
    pairs = [(name, value.encode("utf-8", "surrogatepass")) for name, value in fields.items() if name not in hostile]
    return "&".join(f"{quote(name)}={quote(value)}" for name, value in [*pairs, *hostile.items()]).encode()


def json_with(body: Any, chance: random.Random) -> str:
    """Return JSON in which one value, somewhere, is hostile."""
    texts = ("\0", "\ud800", "9" * 400, "x" * 20_000, "2026-13-45", "add@r.²", "http://[")
    odd = chance.choice([*texts, 10**400, -1, 1.5, True, None, [], {}, [[[]]], {"\0": "\0"}, {"\ud800": 1}])
    paths = list(_paths(body))
    changed = json.loads(json.dumps(body))
    *outer, last = chance.choice(paths)
    place = changed
    for step in outer:
        place = place[step]
    place[last] = odd
    return json.dumps(changed)


def _paths(body: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(body, dict):
        return [path for key, value in body.items() for path in [(*before, key), *_paths(value, (*before, key))]]
    if isinstance(body, list):
        return [path for key, value in enumerate(body) for path in [(*before, key), *_paths(value, (*before, key))]]
    return []


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form = Form("", "get")
        self._select, self._area = "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, fields = given.get("name", ""), self._form.fields
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in fields):
            fields[self._select] = given.get("value", "")
        elif tag == "textarea" and name:
            self._area, fields[name] = name, ""
        elif tag in ("input", "button") and name:
            fields[name] = given.get("value", "on")
        for verb in ("get", "post"):
            if address := given.get(f"hx-{verb}") or (given.get("formaction") if verb == "post" else ""):
                self.forms.append(Form(address, verb, fields))

    def handle_data(self, data: str) -> None:
        if self._area:
            self._form.fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""
        elif tag == "form":
            self._form = Form("", "get")
