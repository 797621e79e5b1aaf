"""Adds people to a list, from a page, a paste, a segment or an import, and takes them off it again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts import undo
from app.customers.addresses import emails, queries
from app.customers.listing import imported_people
from app.customers.profiles import customer_queries
from app.kernel import page_links
from app.kernel.page_links import PageLink
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_
from app.segments import segments
from app.segments.lists import lists
from app.segments.models import ListMember

HAND, SEGMENT, PASTE, IMPORT, QUALITY = "hand", "segment", "paste", "import", "quality"
MOST_PASTED = 10_000
_REMOVED = "segments.list_members_removed"
_BETWEEN = re.compile(r"[\s,;|<>\"]+")


class TooMuchPasted(Refusal):
    """More was pasted than is looked up at once."""

    status = 422
    message = N_("At most %(most)s addresses can be pasted at once. Import a file instead.")


class NothingPasted(Refusal):
    """There is nothing to look up."""

    status = 422
    message = N_("Paste addresses, one a line.")


@dataclass(frozen=True)
class Origin:
    """Where members come from: by hand, a paste, a problem of data quality, or a segment or import by its id."""

    source: str
    source_id: int | None = None


@dataclass(frozen=True)
class Pasted:
    """What became of pasted addresses: people new on the list, those there before, and words that found nobody."""

    added: int
    known: int
    not_found: tuple[str, ...]


def add(
    session: Session,
    workspace_id: int,
    list_id: int,
    customer_ids: Sequence[int],
    origin: Origin,
    *,
    staff_id: int | None,
    now: datetime,
) -> int:
    """Put these customers on a list, and return how many were not on it; those there before stay as they came."""
    lists.hold(session, workspace_id, list_id)
    there = sorted(customer_queries.existing_ids(session, workspace_id, customer_ids))
    rows = [_row(workspace_id, list_id, origin, staff_id, now) | {"customer_id": each} for each in there]
    if not rows:
        return 0
    added = insert(ListMember).on_conflict_do_nothing().returning(ListMember.customer_id)
    return len(session.execute(added, rows).all())


def add_segment(
    session: Session, workspace_id: int, list_id: int, segment_id: int, *, staff_id: int | None, now: datetime
) -> int:
    """Put everybody on a list who is in a segment now; return how many were not on it. Raise SegmentUnusable."""
    members = segments.members_query(session, workspace_id, segment_id, now)
    return add_found(session, workspace_id, list_id, members, Origin(SEGMENT, segment_id), staff_id=staff_id, now=now)


def add_import(
    session: Session, workspace_id: int, list_id: int, import_id: int, *, staff_id: int | None, now: datetime
) -> int:
    """Put everybody on a list whom an import added or changed; return how many were not on it. Raise NotFound."""
    brought = imported_people.people_query(session, workspace_id, import_id)
    return add_found(session, workspace_id, list_id, brought, Origin(IMPORT, import_id), staff_id=staff_id, now=now)


def add_found(
    session: Session,
    workspace_id: int,
    list_id: int,
    people: Select[int],
    origin: Origin,
    *,
    staff_id: int | None,
    now: datetime,
) -> int:
    """Put everybody on a list whom the query finds as `customer_id`; return how many were not on it. Raise NotFound."""
    lists.hold(session, workspace_id, list_id)
    found = people.subquery()
    values = _row(workspace_id, list_id, origin, staff_id, now)
    kinds = {column.key: column.type for column in ListMember.__table__.columns}
    columns = [bindparam(name, value, type_=kinds[name], unique=True) for name, value in values.items()]
    rows = select(*columns, found.c.customer_id).distinct()
    statement = insert(ListMember).from_select([*values, "customer_id"], rows).on_conflict_do_nothing()
    added = statement.returning(ListMember.customer_id).cte("added")
    return session.scalar(select(func.count()).select_from(added)) or 0


def add_pasted(
    session: Session, workspace_id: int, list_id: int, text: str, *, staff_id: int | None, now: datetime
) -> Pasted:
    """Put those on a list whose email or customer number stands in the text; raise TooMuchPasted, NothingPasted."""
    words = list(dict.fromkeys(word for word in _BETWEEN.split(text.replace("\0", "")) if word))
    if not words:
        raise NothingPasted(field="addresses")
    if len(words) > MOST_PASTED:
        raise TooMuchPasted(most=MOST_PASTED, field="addresses")
    keys = {word: key for word in words if (key := emails.find_key(word))}
    owners = queries.owners_by_key(session, workspace_id, set(keys.values()))
    numbers = customer_queries.ids_by_ref(session, workspace_id, [word for word in words if word not in keys])
    found = {word: owners.get(keys[word]) if word in keys else numbers.get(word) for word in words}
    customer_ids = {customer_id for customer_id in found.values() if customer_id is not None}
    origin = Origin(PASTE)
    added = add(session, workspace_id, list_id, sorted(customer_ids), origin, staff_id=staff_id, now=now)
    not_found = tuple(word for word, customer_id in found.items() if customer_id is None)
    return Pasted(added, len(customer_ids) - added, not_found)


def remove(
    session: Session, workspace_id: int, list_id: int, customer_ids: Sequence[int], *, staff_id: int, now: datetime
) -> PageLink:
    """Take these people off a list; return the way back."""
    lists.hold(session, workspace_id, list_id)
    gone = session.execute(
        delete(ListMember)
        .where(ListMember.workspace_id == workspace_id, ListMember.list_id == list_id)
        .where(ListMember.customer_id.in_(customer_ids))
        .returning(
            ListMember.customer_id, ListMember.added_at, ListMember.added_by, ListMember.source, ListMember.source_id
        )
    )
    members = [{**row._asdict(), "added_at": row.added_at.isoformat()} for row in gone]
    kept = {"list_id": list_id, "members": members}
    return undo.keep(session, workspace_id, kind=_REMOVED, values=kept, staff_id=staff_id, now=now)


def restore(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime  # noqa: ARG001
) -> undo.Restored:
    """Put people back on a list as they were on it, but for those who are gone since."""
    found = lists.hold(session, workspace_id, values["list_id"])
    wanted = [member["customer_id"] for member in values["members"]]
    there = customer_queries.existing_ids(session, workspace_id, wanted)
    rows = [
        {**member, "added_at": datetime.fromisoformat(member["added_at"]), "workspace_id": workspace_id,
         "list_id": found.id}
        for member in values["members"]
        if member["customer_id"] in there
    ]  # fmt: skip
    if rows:
        session.execute(insert(ListMember).on_conflict_do_nothing(), rows)
    return undo.Restored(page_links.to("segments.show_list", list_id=found.id), _BACK, {"name": found.name})


_BACK = N_("They are on “%(name)s” again.")
UNDO_REMOVAL = undo.Opposite(_REMOVED, restore, role="marketer")


def _row(workspace_id: int, list_id: int, origin: Origin, staff_id: int | None, now: datetime) -> dict[str, Any]:
    return {
        "workspace_id": workspace_id,
        "list_id": list_id,
        "added_at": now,
        "added_by": staff_id,
        "source": origin.source,
        "source_id": origin.source_id,
    }
