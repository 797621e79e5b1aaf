"""What tracking announces."""

from __future__ import annotations

from dataclasses import dataclass

from app.kernel.queueing import outbox


@dataclass(frozen=True)
class HumanResponded(outbox.Fact):
    """People, not machines, clicked or replied. `kind` is click or reply, `at` the latest of them as an ISO time.

    One fact for a whole batch of hits: a campaign's clicks come by the thousand, and one job reads them all.
    """

    workspace_id: int
    customer_ids: list[int]
    kind: str
    at: str
