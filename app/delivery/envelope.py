"""Which headers does a message carry, and where do its bounces go? What is the same for a send is written once."""

import re

from app.delivery import mime
from app.delivery.content import Stream
from app.delivery.dkim import Header
from app.delivery.flat import PATHS
from app.delivery.slots import Slots

_PLAIN_ID = re.compile(r"[^A-Za-z0-9._-]+")


class Headers:
    """Writes the headers of each message of a stream, in one fixed order."""

    def __init__(self, stream: Stream) -> None:
        address = mime.wire_address(stream.from_address)
        self._from = (b"From", mime.mailbox(b"From", stream.from_name, stream.from_address))
        self._domain = address.rpartition("@")[2].encode("ascii")
        self._lists = stream.lists
        self._unsubscribe = stream.public_url.encode("ascii") + PATHS["unsubscribe"].encode("ascii")
        self._constant = [*_reply_to(stream), *_lists(stream), *_frame(stream)]

    def of(self, slots: Slots, subject: bytes, date: bytes) -> list[Header]:
        """Return one message's headers; raise mime.UndeliverableAddress."""
        headers = [
            self._from,
            (b"To", mime.mailbox(b"To", slots.to_name, slots.to_address)),
            (b"Subject", subject),
            (b"Date", date),
            (b"Message-ID", b"<%s@%s>" % (slots.message.encode("ascii"), self._domain)),
        ]
        if self._lists:
            headers.append((b"List-Unsubscribe", b"<%s%s>" % (self._unsubscribe, slots.unsubscribe.encode("ascii"))))
        return headers + self._constant


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
    return mime.wire_address(f"b+{slots.message}@{stream.bounce_domain}")


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
