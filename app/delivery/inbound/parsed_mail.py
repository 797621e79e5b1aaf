"""Reads a mail that came in: headers, what the person wrote, and what a report says. Read once, whoever it is for.

Whoever writes to us may use any program, and some write `Cc: list@` or `Message-ID: <>`. Nothing of a header but its
encoded words is interpreted here: one that cannot be understood counts as the characters it consists of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.delivery.inbound import mail_parts, mail_text
from app.delivery.inbound.mail_parts import Fields, Part

_MOST_TEXT = 20_000
_MOST_HTML = 200_000
_STATUS = ("message/delivery-status", "message/global-delivery-status")
_FEEDBACK = ("message/feedback-report",)
_RETURNED = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")


@dataclass(frozen=True, slots=True)
class Received:
    """One mail as readable text: its headers by lower-case name, and the beginning of what it says.

    `statuses` and `feedback` are the field groups of a delivery report and of an abuse report, `returned` the headers
    of the mail that a report gives back.
    """

    headers: Fields
    text: str
    statuses: tuple[Fields, ...] = ()
    feedback: tuple[Fields, ...] = ()
    returned: tuple[Fields, ...] = ()

    @property
    def subject(self) -> str:
        return self.headers.get("subject", "")

    @property
    def is_report(self) -> bool:
        return bool(self.statuses or self.feedback)


def read(raw: bytes) -> Received:
    """Read any bytes as a mail; of headers that occur twice the first counts. Raises mail_parts.Unreadable."""
    mail = mail_parts.split(raw)
    parts = mail.own_parts()
    return Received(
        headers={name: mail_text.readable(value) for name, value in mail.headers.items()},
        text=_text([part for part in parts if not part.is_attached]),
        statuses=_groups(parts, _STATUS),
        feedback=_groups(parts, _FEEDBACK),
        returned=_groups(parts, _RETURNED, most=1),
    )


def _text(parts: list[Part]) -> str:
    """The beginning of the plain text, or else of the HTML; what is attached or quoted as a mail says nothing."""
    for kind, read_one in (("text/plain", _plain), ("text/html", _html)):
        for part in parts:
            if part.kind == kind and (text := read_one(part)).strip():
                return text[:_MOST_TEXT]
    return ""


def _plain(part: Part) -> str:
    return _decoded(part, 4 * _MOST_TEXT)


def _html(part: Part) -> str:
    return mail_text.from_html(_decoded(part, _MOST_HTML))


def _decoded(part: Part, most_octets: int) -> str:
    # Twice and more, because an encoding takes room: base64 a third, quoted-printable three octets for one.
    octets = mail_text.transferred(part.body[: 3 * most_octets], _encoding(part))
    return mail_text.decoded(octets[:most_octets], part.parameter("charset") or "utf-8")


def _groups(parts: Iterable[Part], kinds: tuple[str, ...], *, most: int = 100) -> tuple[Fields, ...]:
    found: list[Fields] = []
    for part in parts:
        if part.kind in kinds:
            found += mail_parts.groups(mail_text.transferred(part.body, _encoding(part)), most=most)
    return tuple(found)


def _encoding(part: Part) -> str:
    return part.headers.get("content-transfer-encoding", "")
