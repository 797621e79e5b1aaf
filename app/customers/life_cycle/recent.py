"""Finds whose stage may have changed: who bought, responded or enquired lately, and whose time has come."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.customers.life_cycle import moving
from app.customers.life_cycle.models import LifeCycleCheck, LifeCycleMark, LifeCycleRun
from app.customers.models import Customer

# So many people are looked at in one transaction.
AT_ONCE = 5_000
# What is recorded in a transaction that ends later than the one after it is looked for once more.
_OVERLAP = timedelta(minutes=2)
# Everybody is looked at this often: what nothing marks, such as a judgement of a click revised, is found then.
_WHOLE = timedelta(days=1)
# A response or enquiry makes a lead of those alone who are none: of others it moves what time does.
_RESPONDED = text(
    """
    SELECT DISTINCT a.customer_id FROM activities a
    JOIN customer_engagement e ON e.workspace_id = a.workspace_id AND e.customer_id = a.customer_id
    WHERE a.workspace_id = :w AND a.recorded_at > :since AND e.stage IN ('prospect', 'lapsed_inquirer')
      AND (a.verdict = 'human' OR a.name = 'replied' OR a.name = ANY(CAST(:enquiries AS text[])))
    """
)


def move_recent(session: Session, workspace_id: int, *, now: datetime) -> bool:
    """Look at some of those whose stage may have changed; say whether there are more."""
    mark = LifeCycleMark
    oldest = select(mark.id).where(mark.workspace_id == workspace_id).order_by(mark.id).limit(AT_ONCE)
    marked = delete(mark).where(mark.workspace_id == workspace_id, mark.id.in_(oldest))
    bought = list(session.scalars(marked.returning(mark.customer_id)))
    check = LifeCycleCheck
    due = select(check.customer_id).where(check.workspace_id == workspace_id, check.due_at <= now)
    taken = delete(check).where(
        check.workspace_id == workspace_id, check.customer_id.in_(due.order_by(check.due_at).limit(AT_ONCE))
    )
    moved_on = list(session.scalars(taken.returning(check.customer_id)))
    moving.move(session, workspace_id, sorted({*bought, *moved_on}), now=now)
    return AT_ONCE in (len(bought), len(moved_on))


def move_responded(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Look at those who responded or enquired since somebody looked last."""
    run = session.get(LifeCycleRun, workspace_id)
    assert run is not None
    asked = {"w": workspace_id, "since": run.until - _OVERLAP, "enquiries": moving.enquiries_of(session, workspace_id)}
    found = sorted(session.scalars(_RESPONDED, asked))
    for start in range(0, len(found), AT_ONCE):
        moving.move(session, workspace_id, found[start : start + AT_ONCE], now=now)
    run.until = now
    fresh = select(func.count(), func.max(Customer.id)).where(
        Customer.workspace_id == workspace_id, Customer.id > run.latest_customer_id
    )
    number, latest_id = session.execute(fresh).one()
    if number:
        moving.count_new(session, workspace_id, number, now=now)
        run.latest_customer_id = latest_id


def needs_whole(session: Session, workspace_id: int, *, now: datetime) -> bool:
    """Say whether everybody is to be looked at: for the first time, by new rules, or once more after a day."""
    run = session.get(LifeCycleRun, workspace_id)
    return run is None or run.whole_at <= now - _WHOLE


def note_whole(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Note that everybody was looked at, from this time on."""
    latest = select(func.coalesce(func.max(Customer.id), 0)).where(Customer.workspace_id == workspace_id)
    values = {"until": now, "whole_at": now, "latest_customer_id": session.scalar(latest)}
    row = insert(LifeCycleRun).values(workspace_id=workspace_id, **values)
    kept = {name: row.excluded[name] for name in values}
    session.execute(row.on_conflict_do_update(index_elements=["workspace_id"], set_=kept))
