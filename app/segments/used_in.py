"""Where a segment is used: what higher rooms answer, through `SegmentUses`, and the segments that name it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import cast, func, select
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import Session

from app.kernel import extensions, page_links
from app.kernel.page_links import PageLink
from app.segments.models import Segment


@dataclass(frozen=True)
class Use:
    """A campaign, journey or segment that names it. `kind` is a word of the product, translated on the page.

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
    of_rooms = [use for ask in sources for use in ask(session, workspace_id, segment_id)]
    return [*of_rooms, *_naming(session, workspace_id, "in_segment", "segment", segment_id)]


def list_uses_of_list(session: Session, workspace_id: int, list_id: int) -> list[Use]:
    """Return the segments whose conditions name the list."""
    return _naming(session, workspace_id, "on_list", "list", list_id)


def _naming(session: Session, workspace_id: int, kind: str, part: str, row_id: int) -> list[Use]:
    """Return the segments with a condition of this type that names a row."""
    names = func.jsonb_path_exists(
        Segment.rules,
        cast(f'$.** ? (@.type == "{kind}" && @.{part} == $row)', JSONPATH),
        func.jsonb_build_object("row", row_id),
    )
    query = select(Segment.id, Segment.name).where(Segment.workspace_id == workspace_id, names)
    rows = session.execute(query.order_by(Segment.name).limit(_MOST))
    return [Use("segment", row.name, page_links.to("segments.show", segment_id=row.id)) for row in rows]


_MOST = 50
