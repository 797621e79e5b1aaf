"""What this room announces."""

from __future__ import annotations

from dataclasses import dataclass

from app.kernel.queueing.outbox import Fact


@dataclass(frozen=True)
class StreamPaused(Fact):
    """A domain refuses one identity's mail as such (no domain: its relay does); it is let alone, and tried again."""

    identity_id: int
    domain: str | None
    reason: str


@dataclass(frozen=True)
class MessageBounced(Fact):
    """A message came back. `kind` is a word of `bounces.Cause`; `is_final` says whether the address is now silent."""

    customer_id: int
    message_id: int
    kind: str
    is_final: bool
