"""Erases one person from every table, after a day in which staff may take it back; mail to them stops at once.

What stays names nobody: the ledger with its hashes, the hashes on the suppression list, that a mail was sent.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session, aliased

from app.accounts import audit, undo
from app.customers.erasing.models import AskedErasure
from app.customers.life_cycle.models import LifeCycleMark
from app.customers.merging import aliases, person_tables
from app.customers.merging.merge import MergedPermissions
from app.customers.merging.person_tables import Erasing, Kept
from app.customers.models import Address, Customer
from app.kernel import extensions
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

# So long staff may take it back.
REGRETTED_FOR = timedelta(days=1)
STAFF, PERSON = "staff", "person"
_AT_ONCE = 100


class NotAsked(Refusal):
    """There is no erasure to take back."""

    message = N_("This erasure can no longer be taken back.")


def find(session: Session, workspace_id: int, customer_id: int) -> AskedErasure | None:
    """Return the erasure that was asked for, if any."""
    return session.get(AskedErasure, (workspace_id, customer_id))


def ask(
    session: Session, workspace_id: int, customer_id: int, *, by: str, staff_id: int | None = None, now: datetime
) -> AskedErasure:
    """Have somebody erased in a day, and silence mail to them until then; asked twice is asked once. Raise NotFound."""
    keeper = extensions.of(session, MergedPermissions).keeper
    keeper.hold(session, workspace_id)
    keyed_rows.hold(session, Customer, workspace_id, customer_id)
    known = find(session, workspace_id, customer_id)
    if known:
        return known
    asked = AskedErasure(
        workspace_id=workspace_id,
        customer_id=customer_id,
        asked_by=by,
        staff_id=staff_id,
        asked_at=now,
        due_at=now + REGRETTED_FOR,
        silenced=keeper.silence(session, workspace_id, customer_id, now=now),
    )
    session.add(asked)
    session.flush()
    _note(session, workspace_id, customer_id, "customer.erasure_asked", staff_id=staff_id, now=now)
    return asked


def take_back(session: Session, workspace_id: int, customer_id: int, *, staff_id: int, now: datetime) -> None:
    """Keep somebody after all; raise NotAsked."""
    keeper = extensions.of(session, MergedPermissions).keeper
    keeper.hold(session, workspace_id)
    asked = find(session, workspace_id, customer_id)
    if asked is None:
        raise NotAsked
    keeper.end_silence(session, workspace_id, asked.silenced)
    session.delete(asked)
    session.flush()
    _note(session, workspace_id, customer_id, "customer.erasure_taken_back", staff_id=staff_id, now=now)


def list_due(session: Session, workspace_id: int, *, now: datetime) -> list[int]:
    """Return who is to be erased now."""
    query = select(AskedErasure.customer_id).where(
        AskedErasure.workspace_id == workspace_id, AskedErasure.due_at <= now
    )
    return list(session.scalars(query.order_by(AskedErasure.due_at).limit(_AT_ONCE)))


def carry_out(session: Session, workspace_id: int, customer_id: int, *, now: datetime) -> bool:
    """Erase somebody whose day has come; one that was taken back meanwhile stays. Return whether it was done."""
    extensions.of(session, MergedPermissions).keeper.hold(session, workspace_id)
    asked = find(session, workspace_id, customer_id)
    if asked is None or asked.due_at > now:
        return False
    staff_id = asked.staff_id
    session.expunge(asked)
    erase(session, workspace_id, customer_id, now=now)
    _note(session, workspace_id, customer_id, "customer.erased", staff_id=staff_id, now=now)
    return True


def erase(session: Session, workspace_id: int, customer_id: int, *, now: datetime) -> None:
    """Remove somebody, under every number they have or had, from every table; raise NotFound."""
    extensions.of(session, MergedPermissions).keeper.hold(session, workspace_id)
    keyed_rows.lock(session, Customer, workspace_id, customer_id)
    erasing = about(session, workspace_id, customer_id, now=now)
    for each in person_tables.list_all(session):
        if isinstance(each.erase, Kept):
            continue
        if each.erase:
            each.erase(session, erasing)
        elif each.of_person:
            where = f"t.workspace_id = :w AND ({each.of_person})"
            session.execute(text(f"DELETE FROM {each.table.name} t WHERE {where}"), erasing.binds)
    # Orders that go mark their customer as somebody to look at; nobody is there to be looked at.
    marks = LifeCycleMark
    session.execute(delete(marks).where(marks.workspace_id == workspace_id, marks.customer_id.in_(erasing.ids)))
    undo.forget(session, workspace_id, erasing.ids)
    person_tables.expire(session, erasing.ids)


def about(session: Session, workspace_id: int, customer_id: int, *, now: datetime) -> Erasing:
    """Return who is meant in every table: by every number they have or had, and by every email."""
    other = aliased(Address)
    # What they had once may be somebody else's now.
    elsewhere = select(other).where(
        *(other.workspace_id == workspace_id, other.kind == "email", other.key == Address.key),
        *(other.customer_id != customer_id, other.ended_at.is_(None)),
    )
    query = select(Address.value, Address.key).where(
        *(Address.workspace_id == workspace_id, Address.customer_id == customer_id, Address.kind == "email"),
        Address.ended_at.is_(None) | ~elsewhere.exists(),
    )
    emails = {spelling for row in session.execute(query) for spelling in (row.value, row.key)}
    ids = aliases.all_ids(session, workspace_id, customer_id)
    return Erasing(workspace_id, tuple(ids), tuple(sorted(emails)), now)


def _note(
    session: Session, workspace_id: int, customer_id: int, action: str, *, staff_id: int | None, now: datetime
) -> None:
    audit.record(
        session,
        workspace_id,
        staff_id=staff_id,
        action=action,
        subject_kind="customer",
        subject_id=customer_id,
        now=now,
    )
