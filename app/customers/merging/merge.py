"""Makes two customers one, in one transaction: rows move, the stricter consent holds, the old number leads on.

Lock order: the ledger's head, then both customers by their numbers, then their sums, then whatever each room holds.
What others were writing to the former one at that moment is moved when they are done (`settling`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.accounts import audit
from app.customers.addresses import projection
from app.customers.erasing.models import AskedErasure
from app.customers.merging import aliases, journal, person_tables, winners
from app.customers.merging.journal import Merging
from app.customers.merging.models import CustomerAlias, CustomerMerge, MergeChange
from app.customers.merging.winners import FORMER
from app.customers.models import Customer
from app.customers.profiles import naming
from app.kernel import extensions
from app.kernel.database import refusing_duplicates
from app.kernel.queueing import outbox
from app.kernel.refusals import NotFound, Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

# Transactions that had begun before are over by then.
SETTLED_AFTER = timedelta(minutes=2)
# The primary email beside the fields of `winners`.
EMAIL = "email"
_MERGING = text("SELECT set_config('app.is_merging', :is_on, true)")


class SamePerson(Refusal):
    """Nobody is merged with themselves."""

    status = 422
    message = N_("These are the same customer already.")


class MergedAlready(Refusal):
    """One of the two became part of somebody else."""

    message = N_("This customer was merged into another one already.")


class ToBeErased(Refusal):
    """One of the two is to be erased, and merging them would erase the other."""

    message = N_("One of these customers is to be erased. Keep them first, or wait until it is done.")


class RelationsInACircle(Refusal):
    """Somebody would be their own parent, manager or referrer."""

    message = N_("These two cannot be merged: somebody would be above themselves. End the wrong relation first.")


@dataclass(frozen=True)
class Foreseen:
    """What two people answer to one purpose, and what will hold for one of them: states, None where nobody asked.

    `name` is a topic's, or where `is_message` is said the message id of a purpose.
    """

    name: str
    is_message: bool
    survivor: str | None
    former: str | None
    joined: str | None


class PermissionKeeper(Protocol):
    """What the room that knows what people agreed to does when two become one, are two again, or are to be erased."""

    def hold(self, session: Session, workspace_id: int) -> None:
        """Keep others from recording answers until the transaction ends."""

    def prefers_former(self, session: Session, workspace_id: int, survivor_id: int, former_id: int) -> bool:
        """Say whether mail may go to the former one's address, and not to the survivor's."""

    def silence(self, session: Session, workspace_id: int, customer_id: int, *, now: datetime) -> list[bytes]:
        """Let no mail go to this person's emails; return the hashes of those that it could have gone to."""

    def end_silence(self, session: Session, workspace_id: int, digests: Sequence[bytes]) -> None:
        """Let these emails be as they were before."""

    def foresee(self, session: Session, workspace_id: int, survivor_id: int, former_id: int) -> list[Foreseen]:
        """Say what each answers and what will hold, by purpose and topic."""

    def merge(self, session: Session, merging: Merging) -> None:
        """Let the stricter answer of both hold for the survivor."""

    def undo(self, session: Session, merging: Merging) -> None:
        """Give both their own answers back; a no that was said since holds for both."""


class _NoPermissions:
    def hold(self, session: Session, workspace_id: int) -> None: ...

    def silence(self, session: Session, workspace_id: int, customer_id: int, *, now: datetime) -> list[bytes]:  # noqa: ARG002
        return []

    def end_silence(self, session: Session, workspace_id: int, digests: Sequence[bytes]) -> None: ...

    def foresee(self, session: Session, workspace_id: int, survivor_id: int, former_id: int) -> list[Foreseen]:  # noqa: ARG002
        return []

    def prefers_former(self, session: Session, workspace_id: int, survivor_id: int, former_id: int) -> bool:  # noqa: ARG002
        return False

    def merge(self, session: Session, merging: Merging) -> None: ...

    def undo(self, session: Session, merging: Merging) -> None: ...


@dataclass(frozen=True)
class MergedPermissions:
    """The room above that keeps permission."""

    keeper: PermissionKeeper = field(default_factory=_NoPermissions)


@dataclass(frozen=True)
class Decision:
    """Who becomes part of whom, on whose word, and whose value stays where that is decided: by field, and `email`."""

    survivor_id: int
    former_id: int
    method: str = "staff"
    staff_id: int | None = None
    choices: Mapping[str, str] = field(default_factory=dict)


def hold_answers(session: Session, workspace_id: int) -> None:
    """Keep others from recording answers until the transaction ends: whoever will merge does so first."""
    extensions.of(session, MergedPermissions).keeper.hold(session, workspace_id)


def merge(session: Session, workspace_id: int, decision: Decision, *, now: datetime) -> CustomerMerge:
    """Make one customer of two; raise SamePerson, MergedAlready, RelationsInACircle, NotFound."""
    if decision.survivor_id == decision.former_id:
        raise SamePerson
    keeper = extensions.of(session, MergedPermissions).keeper
    keeper.hold(session, workspace_id)
    survivor, former = hold_both(session, workspace_id, decision.survivor_id, decision.former_id)
    if any(session.get(AskedErasure, (workspace_id, each.id)) for each in (survivor, former)):
        raise ToBeErased
    made = CustomerMerge(
        workspace_id=workspace_id,
        survivor_id=survivor.id,
        former_id=former.id,
        former_name=naming.full_name(former.first_name, former.last_name) or former.email or "",
        method=decision.method,
        staff_id=decision.staff_id,
        merged_at=now,
    )
    session.add(made)
    session.flush()
    takes_email = takes_former_email(session, survivor, former, decision.choices)
    merging = Merging(workspace_id, made.id, survivor.id, former.id, now, takes_email)
    values = _values(session, survivor, former, decision.choices)
    with deciding_permission(session), ExitStack() as refusing:
        circle = RelationsInACircle()
        refusing.enter_context(refusing_duplicates(session, "ck_customer_relations_not_in_a_circle", circle))
        _move(session, merging)
        _join(session, merging, values)
        _lead_on(session, merging, former_ref=_spare_number(survivor, former, values))
        keeper.merge(session, merging)
    audit.record(
        session,
        workspace_id,
        staff_id=decision.staff_id,
        action="customer.merged",
        subject_kind="customer",
        subject_id=made.survivor_id,
        # Numbers alone: it is kept when people are erased.
        details={"former_id": made.former_id, "merge_id": made.id, "method": made.method},
        now=now,
    )
    outbox.enqueue(
        session, "customers.settle_merge", run_at=now + SETTLED_AFTER, workspace_id=workspace_id, merge_id=made.id
    )
    session.expunge(former)
    person_tables.expire(session, (made.survivor_id, made.former_id))
    session.refresh(survivor)
    session.refresh(made)
    return made


def takes_former_email(session: Session, survivor: Customer, former: Customer, choices: Mapping[str, str]) -> bool:
    """Say whether the former one's primary email becomes the survivor's: chosen, or the only one that may be mailed."""
    if survivor.email is None or former.email is None or EMAIL in choices:
        return survivor.email is None or (former.email is not None and choices.get(EMAIL) == FORMER)
    keeper = extensions.of(session, MergedPermissions).keeper
    return keeper.prefers_former(session, survivor.workspace_id, survivor.id, former.id)


def hold_both(session: Session, workspace_id: int, one: int, other: int) -> tuple[Customer, Customer]:
    """Lock two customers in the order of their numbers; raise MergedAlready, NotFound."""
    found = {}
    for customer_id in sorted((one, other)):
        try:
            found[customer_id] = keyed_rows.lock(session, Customer, workspace_id, customer_id)
        except NotFound:
            if aliases.current_ids(session, workspace_id, [customer_id]):
                raise MergedAlready from None
            raise
    return found[one], found[other]


class deciding_permission:  # noqa: N801
    """While it is entered, a new primary address is judged by the merge and not by the trigger of the database."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> None:
        self._session.execute(_MERGING, {"is_on": "on"})

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._session.execute(_MERGING, {"is_on": ""})


def settle(session: Session, workspace_id: int, merge_id: int, *, now: datetime) -> None:
    """Move what was written to the former one by transactions that had begun before the merge; again is no harm."""
    keeper = extensions.of(session, MergedPermissions).keeper
    keeper.hold(session, workspace_id)
    made = session.get(CustomerMerge, (workspace_id, merge_id))
    if made is None:
        return
    survivor_id = aliases.current_id(session, workspace_id, made.former_id)
    keyed_rows.lock(session, Customer, workspace_id, survivor_id)
    latest = select(func.max(MergeChange.step)).where(
        MergeChange.workspace_id == workspace_id, MergeChange.merge_id == merge_id
    )
    first_step = (session.scalar(latest) or 0) + 1
    merging = Merging(workspace_id, merge_id, survivor_id, made.former_id, now, first_step=first_step)
    with deciding_permission(session):
        _move(session, merging)
        keeper.merge(session, merging)
    person_tables.expire(session, (survivor_id, made.former_id))


def _move(session: Session, merging: Merging) -> None:
    session.flush()
    for each in person_tables.list_all(session):
        if each.merge:
            each.merge(session, merging)


def _values(
    session: Session, survivor: Customer, former: Customer, choices: Mapping[str, str]
) -> dict[str, Any]:
    """Return the survivor's columns as they will be."""
    won = [each for each in winners.compare(session, survivor, former, choices) if each.wins == FORMER]
    columns: dict[str, Any] = {each.name: each.former for each in won if not each.name.startswith("custom.")}
    custom = {each.name[7:]: each.former for each in won if each.name.startswith("custom.")}
    marks = {each.name: mark for each in won if (mark := winners.mark_of(former, each.name))}
    return columns | {
        "tags": sorted({*survivor.tags, *former.tags}) if set(former.tags) - set(survivor.tags) else survivor.tags,
        "custom": {**survivor.custom, **custom},
        "provenance": {**survivor.provenance, **marks},
        "created_at": min(survivor.created_at, former.created_at),
    }


def _join(session: Session, merging: Merging, values: Mapping[str, Any]) -> None:
    """Take the former one's row away and let the survivor's say what is known of both."""
    table = Customer
    journal.remove(session, merging, table, "t.id = :former")
    columns = {name: value for name, value in values.items() if name in Customer.__table__.columns}
    sets = ", ".join(
        f"{name} = CAST(:{name} AS jsonb)" if name in ("custom", "provenance") else f"{name} = :{name}"
        for name in columns
    )
    binds = {
        name: json.dumps(value) if name in ("custom", "provenance") else value for name, value in columns.items()
    }
    journal.change(
        session,
        merging,
        table,
        f"{sets}, {projection.SET_FROM_PRIMARY}, updated_at = :now",
        "t.id = :survivor",
        **binds,
    )


def _spare_number(survivor: Customer, former: Customer, values: Mapping[str, Any]) -> str | None:
    """Return the customer number that nobody carries any more."""
    stays = values.get("external_ref", survivor.external_ref)
    return next((ref for ref in (former.external_ref, survivor.external_ref) if ref and ref != stays), None)


def _lead_on(session: Session, merging: Merging, *, former_ref: str | None) -> None:
    """Let the former one's number, and all that led to it, lead to the survivor."""
    table = CustomerAlias
    journal.change(session, merging, table, "customer_id = :survivor", "t.customer_id = :former")
    insertion = """INSERT INTO customer_aliases (workspace_id, former_id, customer_id, external_ref)
        VALUES (:w, :former, :survivor, :former_ref)"""
    journal.add(session, merging, table, insertion, former_ref=former_ref)
