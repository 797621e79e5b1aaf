"""Headers of a message and its return path; what a send shares is built once."""

import re

from app.rendering import dkim, mime
from app.rendering.content import Stream
from app.rendering.dkim import Header
from app.rendering.language.code_generator import PATHS
from app.rendering.slots import Slots

_PLAIN_ID = re.compile(r"[^A-Za-z0-9._-]+")


class Headers:
    """The headers of a stream's messages in one fixed order, each written once with places for what differs."""

    def __init__(self, stream: Stream) -> None:
        headers = _templates(stream)
        self._lists = stream.lists
        self._lines = b"".join([b"%b: %b\r\n" % header for header in headers]) + b"\r\n"
        self._names, self._canonical = dkim.canonical(headers)
        self._signers = stream.signers

    def of(self, slots: Slots, subject: bytes, date: bytes) -> tuple[bytes, ...]:
        """Return what one message fills in; raise mime.UndeliverableAddress."""
        recipient = mime.mailbox(b"To", slots.to_name, slots.to_address)
        filled = (recipient, subject, date, slots.message.encode("ascii"))
        return (*filled, slots.unsubscribe.encode("ascii")) if self._lists else filled

    def lines(self, filled: tuple[bytes, ...]) -> bytes:
        """Return the header lines of one message and the empty line after them."""
        return self._lines % filled

    def signatures(self, filled: tuple[bytes, ...], body: bytes, *, at: int) -> bytes:
        """Return a signature line for each of the stream's keys over these headers and this body."""
        # Only names and subjects are ever folded.
        recipient, subject, *others = filled
        signed = self._canonical % (dkim.relaxed(recipient), dkim.relaxed(subject), *others)
        digest = dkim.body_hash(body)
        return b"".join([signer.sign(self._names, signed, digest, at=at) for signer in self._signers])


def _templates(stream: Stream) -> list[Header]:
    address = mime.wire_address(stream.from_address)
    domain = address.rpartition("@")[2].encode("ascii")
    page = stream.public_url.encode("ascii") + PATHS["unsubscribe"].encode("ascii")
    sender = mime.mailbox(b"From", stream.from_name, stream.from_address)
    leave = [(b"List-Unsubscribe", b"<%b%%b>" % _constant(page))] if stream.lists else []
    return [
        (b"From", _constant(sender)),
        (b"To", b"%b"),
        (b"Subject", b"%b"),
        (b"Date", b"%b"),
        (b"Message-ID", b"<%%b@%b>" % _constant(domain)),
        *leave,
        *((name, _constant(value)) for name, value in (*_reply_to(stream), *_lists(stream), *_frame(stream))),
    ]


def _constant(value: bytes) -> bytes:
    return value.replace(b"%", b"%%")


def frames(stream: Stream) -> tuple[bytes, bytes, bytes]:
    """Return what stands before the text part, before the HTML part and behind it."""
    limit = _boundary(stream)
    return (
        mime.frame(limit, b"plain", first=True),
        mime.frame(limit, b"html", first=False),
        b"\r\n--" + limit + b"--\r\n",
    )


def bounce_address(stream: Stream, slots: Slots) -> str:
    """Return the return path: it names the message where the stream has a domain that takes bounces."""
    if stream.bounce_domain is None:
        return mime.wire_address(stream.from_address)
    return mime.wire_address(f"b+{slots.bounce or slots.message}@{stream.bounce_domain}")


def _reply_to(stream: Stream) -> list[Header]:
    return [(b"Reply-To", mime.mailbox(b"Reply-To", "", stream.reply_to))] if stream.reply_to else []


def _lists(stream: Stream) -> list[Header]:
    if not stream.lists:
        return []
    feedback = b":".join(_part(part) for part in (*stream.feedback, stream.feedback_sender))
    list_id = mime.wire_address(f"list@{stream.list_id}").partition("@")[2].encode("ascii")
    name = mime.phrase(b"List-Id", stream.list_name.replace("<", "").replace(">", ""))
    return [
        (b"List-Unsubscribe-Post", b"List-Unsubscribe=One-Click"),
        (b"List-Id", (name + b"\r\n <" if name else b"<") + list_id + b">"),
        (b"Feedback-ID", feedback),
    ]


def _frame(stream: Stream) -> list[Header]:
    return [
        (b"Auto-Submitted", b"auto-generated"),
        (b"MIME-Version", b"1.0"),
        (b"Content-Type", b'multipart/alternative;\r\n boundary="%s"' % _boundary(stream)),
    ]


def _boundary(stream: Stream) -> bytes:
    return mime.boundary(repr((stream.from_address, stream.list_id, stream.feedback)).encode())


def _part(value: str) -> bytes:
    return _PLAIN_ID.sub("-", value).encode("ascii") or b"-"
