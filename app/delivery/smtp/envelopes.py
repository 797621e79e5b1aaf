"""What goes into an SMTP connection and comes out of it: envelopes, outcomes, and how long a server may take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple


class Phase(IntEnum):
    """How far one message came before its fate was known."""

    UNSENT = 0
    MAIL = 1
    RCPT = 2
    DATA = 3
    DOT = 4
    DROPPED_AFTER_DOT = 5


class Outcome(NamedTuple):
    """What became of one message. `code` is 0 where no server reply decided it."""

    phase: Phase
    code: int
    text: str

    @property
    def is_accepted(self) -> bool:
        return self.phase is Phase.DOT and 200 <= self.code < 300


@dataclass(slots=True)
class Envelope:
    """One message ready to travel; `key` is the caller's own name for it.

    `body` has CRLF line ends and no line that begins with a full stop: the compiler encodes those, and looking for them
    again would cost more than all the rest of a transfer.
    """

    key: int
    sender: str
    recipient: str
    body: bytes


@dataclass(frozen=True)
class Timeouts:
    """Seconds to wait for a reply; RFC 5321 section 4.5.3.2 asks ten minutes after the final dot."""

    connect: float = 30.0
    command: float = 300.0
    dot: float = 600.0


Reply = tuple[int, list[str]]
Source = Callable[[], Envelope | None]
Report = Callable[[Envelope, Outcome], None]
