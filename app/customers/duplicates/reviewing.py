"""The pairs that wait for staff: who may be one person, what was decided, and what is merged without asking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts import audit, undo
from app.customers.duplicates.models import DuplicatePair, DuplicateRules
from app.customers.merging import merge
from app.customers.merging.merge import Decision
from app.customers.models import Customer
from app.customers.profiles import naming
from app.kernel import page_links
from app.kernel.page_links import PageLink
from app.kernel.queueing import outbox
from app.kernel.refusals import NotFound, Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

OPEN, LATER, DISTINCT = "open", "later", "distinct"
# How sure it has to be before a workspace may have pairs merged unasked; 0 is never.
THRESHOLDS = (Decimal(0), Decimal("0.999"), Decimal("0.99"), Decimal("0.97"), Decimal("0.95"))
SHOWN = 20
# So many pairs are merged unasked in one run of the job; the next one goes on.
_MERGED_AT_ONCE = 500
_DECIDED = "customers.duplicate_decided"


@dataclass(frozen=True)
class Waiting:
    """One pair of the list, by the names of both."""

    id: int
    one: str
    other: str
    probability: Decimal
    kind: str


def count_open(session: Session, workspace_id: int) -> int:
    """Return how many pairs wait for staff."""
    query = select(func.count()).select_from(DuplicatePair)
    return session.scalar(query.where(DuplicatePair.workspace_id == workspace_id, DuplicatePair.state == OPEN)) or 0


def list_waiting(session: Session, workspace_id: int, *, state: str = OPEN, limit: int = SHOWN) -> list[Waiting]:
    """Return the pairs in this state, the most probable first."""
    query = select(DuplicatePair).where(DuplicatePair.workspace_id == workspace_id, DuplicatePair.state == state)
    for one in (DuplicatePair.one_id, DuplicatePair.other_id):
        # The undo of an import may have taken one of them.
        query = query.where(exists().where(Customer.workspace_id == workspace_id, Customer.id == one))
    pairs = list(session.scalars(query.order_by(DuplicatePair.probability.desc(), DuplicatePair.id).limit(limit)))
    ids = {each for pair in pairs for each in (pair.one_id, pair.other_id)}
    people = select(Customer).where(Customer.workspace_id == workspace_id, Customer.id.in_(ids))
    names = {
        each.id: naming.full_name(each.first_name, each.last_name) or each.email or each.external_ref or str(each.id)
        for each in session.scalars(people)
    }
    return [
        Waiting(pair.id, names.get(pair.one_id, ""), names.get(pair.other_id, ""), pair.probability, pair.kind)
        for pair in pairs
    ]


def get(session: Session, workspace_id: int, pair_id: int) -> DuplicatePair:
    """Return one pair; raise NotFound."""
    return keyed_rows.get(session, DuplicatePair, workspace_id, pair_id)


def decide(
    session: Session, workspace_id: int, pair_id: int, state: str, *, staff_id: int, now: datetime
) -> PageLink:
    """Remember that two are not the same, or are looked at later; return the way back. Raise NotFound."""
    pair = keyed_rows.hold(session, DuplicatePair, workspace_id, pair_id)
    before = pair.state
    pair.state, pair.decided_at, pair.decided_by = state, now, staff_id
    if state == DISTINCT:
        audit.record(
            session,
            workspace_id,
            staff_id=staff_id,
            action="customer.told_apart",
            subject_kind="customer",
            subject_id=pair.one_id,
            details={"other_id": pair.other_id},
            now=now,
        )
    session.flush()
    kept = {"pair_id": pair_id, "state": before}
    return undo.keep(session, workspace_id, kind=_DECIDED, values=kept, staff_id=staff_id, now=now)


def restore(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime  # noqa: ARG001
) -> undo.Restored:
    """Let a pair wait again as it did."""
    pair = keyed_rows.hold(session, DuplicatePair, workspace_id, values["pair_id"])
    pair.state, pair.decided_at, pair.decided_by = values["state"], None, None
    session.flush()
    page = page_links.to("customers.review_duplicates", pair=pair.id)
    return undo.Restored(page, N_("This pair waits for you again."))


UNDO_DECISION = undo.Opposite(_DECIDED, restore, role="marketer")


def merged_from(session: Session, workspace_id: int) -> Decimal | None:
    """Return from which probability on pairs are merged unasked; None where they never are."""
    found = session.get(DuplicateRules, workspace_id)
    return found.merged_from if found else None


def set_merged_from(
    session: Session, workspace_id: int, least: Decimal | None, *, staff_id: int, now: datetime
) -> None:
    """Say from which probability on pairs are merged unasked; None for never."""
    row = insert(DuplicateRules).values(workspace_id=workspace_id, merged_from=least)
    session.execute(row.on_conflict_do_update(index_elements=["workspace_id"], set_={"merged_from": least}))
    audit.record(
        session,
        workspace_id,
        staff_id=staff_id,
        action="duplicates.rule_changed",
        subject_kind="workspace",
        subject_id=workspace_id,
        details={"value": str(least or 0)},
        now=now,
    )


def ask_for_search(session: Session, workspace_id: int) -> None:
    """Have duplicates looked for in the background; asked twice, they are looked for once."""
    key = f"customers.find_duplicates:{workspace_id}"
    outbox.enqueue(session, "customers.find_duplicates_of", workspace_id=workspace_id, key=key)


def list_certain(session: Session, workspace_id: int) -> list[int]:
    """Return the pairs to be merged unasked, the most probable first."""
    least = merged_from(session, workspace_id)
    if least is None:
        return []
    query = select(DuplicatePair.id).where(
        *(DuplicatePair.workspace_id == workspace_id, DuplicatePair.state == OPEN),
        DuplicatePair.probability >= least,
    )
    order = (DuplicatePair.probability.desc(), DuplicatePair.id)
    return list(session.scalars(query.order_by(*order).limit(_MERGED_AT_ONCE)))


def leave_for_later(session: Session, workspace_id: int, customer_id: int, other_id: int) -> None:
    """Leave it to staff whether these two are one: whoever took a merge back wants no program to repeat it."""
    session.execute(
        update(DuplicatePair)
        .where(DuplicatePair.workspace_id == workspace_id, DuplicatePair.state == OPEN)
        .where(DuplicatePair.one_id == min(customer_id, other_id), DuplicatePair.other_id == max(customer_id, other_id))
        .values(state=LATER)
    )


def merge_unasked(session: Session, workspace_id: int, pair_id: int, *, now: datetime) -> bool:
    """Merge a pair into whom we have known longer; one that cannot be waits for staff. Return whether it was."""
    try:
        merge.hold_answers(session, workspace_id)
        pair = keyed_rows.hold(session, DuplicatePair, workspace_id, pair_id)
        least = merged_from(session, workspace_id)
        if pair.state != OPEN or least is None or pair.probability < least:
            # Staff have decided meanwhile.
            return False
        with session.begin_nested():
            merge.merge(session, workspace_id, Decision(pair.one_id, pair.other_id, method="automatic"), now=now)
    except NotFound:
        return False
    except Refusal:
        get(session, workspace_id, pair_id).state = LATER
        return False
    return True
