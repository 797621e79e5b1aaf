"""Where a segment is used: what higher rooms answer, through `SegmentUses`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.kernel import extensions
from app.kernel.page_links import PageLink


@dataclass(frozen=True)
class Use:
    """A campaign or journey that names the segment. `kind` is a word of the product, translated on the page.

    What is over, such as a campaign that was sent, no longer needs the segment to stay.
    """

    kind: str
    name: str
    page: PageLink
    is_over: bool = False


# (session, workspace_id, segment_id) -> uses
Source = Callable[[Session, int, int], list[Use]]


@dataclass(frozen=True)
class SegmentUses:
    """The rooms that use segments."""

    of_rooms: tuple[Source, ...] = ()


def list_uses(session: Session, workspace_id: int, segment_id: int) -> list[Use]:
    """Return everything that names the segment."""
    sources = extensions.of(session, SegmentUses).of_rooms
    return [use for ask in sources for use in ask(session, workspace_id, segment_id)]
