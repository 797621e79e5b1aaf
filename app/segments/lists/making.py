"""Lists that other rooms have made at once of the people they found; taken back, such a list is deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.accounts import undo
from app.customers.quality.asking import MadeList, PeopleLists
from app.kernel import page_links
from app.kernel.translatable import N_
from app.segments.lists import adding, lists
from app.segments.lists.adding import QUALITY, Origin

_MADE = "segments.list_made"


def make(session: Session, workspace_id: int, name: str, staff_id: int, now: datetime) -> MadeList:
    """Make an empty list of this name, numbered where there is one of it; raise TooManyLists."""
    taken = set(lists.names(session, workspace_id).values())
    free = next(each for number in range(1, len(taken) + 2) if (each := lists.numbered(name, number)) not in taken)
    made = lists.create(session, workspace_id, free, staff_id=staff_id, now=now)
    values = {"id": made.id, "name": made.name}
    again = undo.keep(session, workspace_id, kind=_MADE, values=values, staff_id=staff_id, now=now)
    return MadeList(made.id, page_links.to("segments.show_list", list_id=made.id), again)


def fill(
    session: Session, workspace_id: int, list_id: int, people: Select[int], *, staff_id: int, now: datetime
) -> int:
    """Put everybody on a list whom the query finds; return how many were not on it. Raise NotFound."""
    return adding.add_found(session, workspace_id, list_id, people, Origin(QUALITY), staff_id=staff_id, now=now)


def take_away(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime  # noqa: ARG001
) -> undo.Restored:
    """Delete a list that was made; the people on it stay what they are. Raise NotFound."""
    lists.hold(session, workspace_id, values["id"]).deleted_at = now
    session.flush()
    return undo.Restored(page_links.to("segments.list_lists"), _DELETED, {"name": values["name"]})


_DELETED = N_("“%(name)s” is deleted.")
UNDO_MAKING = undo.Opposite(_MADE, take_away, role="marketer")
LISTS = PeopleLists(make, fill)
