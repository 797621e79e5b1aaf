"""Lists of people: made, renamed, deleted for a day's time of undoing, and read page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, delete, func, select
from sqlalchemy.orm import Session

from app.accounts import undo
from app.customers.profiles import naming, people
from app.kernel import page_links
from app.kernel.database import refusing_duplicates
from app.kernel.page_links import PageLink
from app.kernel.refusals import NotFound, Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_
from app.segments.models import CustomerList, ListMember

MOST = 500
PER_PAGE = 50
_NAME_CHARS = 120
_UNIQUE_NAME = "uq_customer_lists_name"
_DELETED = "segments.list_deleted"


class ListNameTaken(Refusal):
    """Another list has this name."""

    message = N_("There is a list with this name already.")


class ListNameMissing(Refusal):
    """A list needs a name to be found again."""

    status = 422
    message = N_("Give the list a name.")


class TooManyLists(Refusal):
    """A workspace has a bounded number of lists."""

    status = 422
    message = N_("There are 500 lists already. Delete one first.")


@dataclass(frozen=True)
class ListSize:
    """A list, and how many people are on it."""

    list: CustomerList
    people: int


@dataclass(frozen=True)
class Listed:
    """Somebody on a list."""

    member: ListMember
    name: str
    email: str | None


def create(session: Session, workspace_id: int, name: str, *, staff_id: int | None, now: datetime) -> CustomerList:
    """Make an empty list; raise a Refusal for a name it cannot have."""
    kept = select(func.count()).select_from(CustomerList).where(*_living(workspace_id))
    if (session.scalar(kept) or 0) >= MOST:
        raise TooManyLists(field="name")
    made = CustomerList(workspace_id=workspace_id, created_by=staff_id, created_at=now)
    return _named(session, made, name)


def numbered(name: str, number: int) -> str:
    """Return the name a list is given where `number` - 1 have it already."""
    ending = f" ({number})" if number > 1 else ""
    return _clean(name)[: _NAME_CHARS - len(ending)] + ending


def rename(session: Session, workspace_id: int, list_id: int, name: str) -> CustomerList:
    """Give a list another name; raise NotFound, or a Refusal for a name it cannot have."""
    return _named(session, hold(session, workspace_id, list_id), name)


def get(session: Session, workspace_id: int, list_id: int) -> CustomerList:
    """Return the list; raise NotFound, also for one that was deleted."""
    return _alive(keyed_rows.get(session, CustomerList, workspace_id, list_id))


def hold(session: Session, workspace_id: int, list_id: int) -> CustomerList:
    """Return the list and keep others from changing it until the transaction ends; raise NotFound."""
    return _alive(keyed_rows.hold(session, CustomerList, workspace_id, list_id))


def list_all(session: Session, workspace_id: int) -> list[ListSize]:
    """Return the lists by name, each with how many people are on it."""
    found = list(session.scalars(select(CustomerList).where(*_living(workspace_id)).order_by(CustomerList.name)))
    counted = select(ListMember.list_id, func.count()).where(ListMember.workspace_id == workspace_id)
    rows = session.execute(counted.group_by(ListMember.list_id))
    sizes = {row[0]: row[1] for row in rows}
    return [ListSize(each, sizes.get(each.id, 0)) for each in found]


def names(session: Session, workspace_id: int) -> dict[int, str]:
    """Return the names of the lists by id, in their order."""
    query = select(CustomerList.id, CustomerList.name).where(*_living(workspace_id)).order_by(CustomerList.name)
    return {row.id: row.name for row in session.execute(query.limit(MOST))}


def find(session: Session, workspace_id: int, text: str, *, limit: int) -> list[CustomerList]:
    """Return the lists whose name holds the text, in capitals or not."""
    holds = func.strpos(func.lower(CustomerList.name), func.lower(text)) > 0
    query = select(CustomerList).where(*_living(workspace_id), holds)
    return list(session.scalars(query.order_by(CustomerList.name).limit(limit)))


def of_customer(session: Session, workspace_id: int, customer_id: int) -> list[tuple[CustomerList, ListMember]]:
    """Return the lists somebody is on, with since when."""
    is_on = (ListMember.workspace_id == CustomerList.workspace_id) & (ListMember.list_id == CustomerList.id)
    query = select(CustomerList, ListMember).join(ListMember, is_on)
    found = session.execute(
        query.where(*_living(workspace_id), ListMember.customer_id == customer_id).order_by(CustomerList.name)
    )
    return [(row[0], row[1]) for row in found]


def count(session: Session, workspace_id: int, list_id: int) -> int:
    """Return how many people are on a list."""
    return session.scalar(select(func.count()).select_from(members_query(workspace_id, list_id).subquery())) or 0


def members_query(workspace_id: int, list_id: int) -> Select[int]:
    """Select the `customer_id` of everybody on a list."""
    return select(ListMember.customer_id).where(
        ListMember.workspace_id == workspace_id, ListMember.list_id == list_id
    )


def page(
    session: Session, workspace_id: int, list_id: int, *, after: int | None = None, limit: int = PER_PAGE
) -> tuple[list[Listed], int | None]:
    """Return people of a list, the newest customers first, and the id to go on `after` (None: there are no more)."""
    named = people.named_query(workspace_id).subquery()
    query = (
        select(ListMember, named.c.first_name, named.c.last_name, named.c.email)
        .join(named, named.c.customer_id == ListMember.customer_id)
        .where(ListMember.workspace_id == workspace_id, ListMember.list_id == list_id)
        .order_by(ListMember.customer_id.desc())
    )
    if after is not None:
        query = query.where(ListMember.customer_id < after)
    found = [_listed(row) for row in session.execute(query.limit(limit + 1))]
    return found[:limit], found[limit - 1].member.customer_id if len(found) > limit else None


def remove(session: Session, workspace_id: int, list_id: int, *, staff_id: int, now: datetime) -> PageLink:
    """Delete a list; return the address that brings it back with everybody on it."""
    found = hold(session, workspace_id, list_id)
    found.deleted_at = now
    session.flush()
    return undo.keep(session, workspace_id, kind=_DELETED, values={"id": list_id}, staff_id=staff_id, now=now)


def restore(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime  # noqa: ARG001
) -> undo.Restored:
    """Bring a deleted list back; raise ListNameTaken where another has its name by now."""
    found = keyed_rows.hold(session, CustomerList, workspace_id, values["id"])
    with refusing_duplicates(session, _UNIQUE_NAME, ListNameTaken()):
        found.deleted_at = None
        session.flush()
    return undo.Restored(page_links.to("segments.show_list", list_id=found.id), _RESTORED, {"name": found.name})


_RESTORED = N_("“%(name)s” is restored.")
UNDO_DELETION = undo.Opposite(_DELETED, restore, role="marketer")


def delete_expired(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Delete the lists that can no longer be brought back, with their members."""
    edge = now - undo.KEPT_FOR - timedelta(hours=1)
    session.execute(
        delete(CustomerList).where(CustomerList.workspace_id == workspace_id, CustomerList.deleted_at < edge)
    )


def _living(workspace_id: int) -> Sequence[Any]:
    return CustomerList.workspace_id == workspace_id, CustomerList.deleted_at.is_(None)


def _alive(found: CustomerList) -> CustomerList:
    if found.deleted_at is not None:
        raise NotFound
    return found


def _named(session: Session, given: CustomerList, name: str) -> CustomerList:
    clean = _clean(name)
    if not clean:
        raise ListNameMissing(field="name")
    with refusing_duplicates(session, _UNIQUE_NAME, ListNameTaken(field="name")):
        given.name = clean
        session.add(given)
        session.flush()
    return given


def _clean(name: str) -> str:
    return " ".join(name.replace("\0", "").split())[:_NAME_CHARS]


def _listed(row: Row[*tuple[Any, ...]]) -> Listed:
    return Listed(row[0], naming.full_name(row.first_name, row.last_name), row.email)
