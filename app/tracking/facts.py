"""What tracking announces."""

from __future__ import annotations

from dataclasses import dataclass

from app.kernel import outbox


@dataclass(frozen=True)
class HumanResponded(outbox.Fact):
    """A person, not a machine, clicked or replied. `kind` is click or reply, `at` an ISO time."""

    workspace_id: int
    customer_id: int
    kind: str
    at: str
