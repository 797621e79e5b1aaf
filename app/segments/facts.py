"""What the segments room announces."""

from __future__ import annotations

from dataclasses import dataclass

from app.kernel.queueing.outbox import Fact


@dataclass(frozen=True)
class SegmentEntered(Fact):
    """These people entered a watched segment."""

    workspace_id: int
    segment_id: int
    customer_ids: list[int]
