"""What does a mail that came in say? Read header by header, so that no broken one takes the others with it.

Whoever writes to us may use any program, and some write `Cc: list@` or `Message-ID: <>`. Nothing of a header but its
encoded words is interpreted here: one that cannot be understood counts as the characters it consists of.
"""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message as Mail
from itertools import islice

_MOST_TEXT = 20_000
_MOST_HEADERS = 1_000
_LONGEST_HEADER = 4_000
# Programs name the smaller set and write the larger one.
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "us-ascii": "utf-8", "ascii": "utf-8", "iso-8859-1": "windows-1252"}


@dataclass(frozen=True, slots=True)
class Received:
    """One mail as readable text: its headers by lower-case name, and the beginning of what it says."""

    headers: dict[str, str]
    text: str

    @property
    def subject(self) -> str:
        return self.headers.get("subject", "")


def read(raw: bytes) -> Received:
    """Read any bytes as a mail. Of headers that occur twice the first counts."""
    mail = message_from_bytes(raw)
    headers: dict[str, str] = {}
    for name, value in islice(mail.raw_items(), _MOST_HEADERS):
        headers.setdefault(name.lower(), readable(str(value)))
    return Received(headers, _text(mail))


def readable(value: str) -> str:
    """Return a header's value on one line, its encoded words (RFC 2047) decoded where they can be."""
    octets = value[:_LONGEST_HEADER].encode("utf-8", "surrogateescape")
    plain = " ".join(octets.decode("utf-8", "replace").split())
    try:
        return str(make_header(decode_header(plain)))
    except (LookupError, ValueError, HeaderParseError):
        return plain


def _text(mail: Mail) -> str:
    """The beginning of the plain text, or else of the HTML; what is attached or quoted as a mail says nothing."""
    parts = [part for part in _own_parts(mail) if part.get_content_disposition() != "attachment"]
    for kind in ("text/plain", "text/html"):
        for part in parts:
            if part.get_content_type() == kind:
                return _decoded(part)
    return ""


def _own_parts(mail: Mail) -> list[Mail]:
    if mail.get_content_maintype() != "multipart" or not mail.is_multipart():
        return [mail]
    return [own for part in mail.get_payload() if isinstance(part, Mail) for own in _own_parts(part)]


def _decoded(part: Mail) -> str:
    charset = str(part.get_content_charset("utf-8"))
    # The parser would look the character set up itself, and fail where there is none of that name.
    del part["Content-Type"]
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        return payload[:_MOST_TEXT].decode(_WIDER.get(charset, charset), "replace")
    except (LookupError, ValueError):
        return payload[:_MOST_TEXT].decode("utf-8", "replace")
