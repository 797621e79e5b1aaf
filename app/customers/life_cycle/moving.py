"""Moves customers from stage to stage, many at once, and counts who stands where.

Each minute those are looked at who bought, responded or enquired since (`recent`), and whose time has come; everybody
is when the rules change, and once a day for whatever else may have happened.

The stage is a column of the sums (`customer_engagement`), so that segments and lists read it beside them; this is its
only writer. Lock order: the sums of customers in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.customers.life_cycle import stages
from app.customers.life_cycle.models import LifeCycleCount, LifeCycleMove
from app.customers.life_cycle.stages import Rules

# So many people are looked at in one transaction.
AT_ONCE = 20_000
# Where everybody begins.
PROSPECT = "prospect"
# Whoever begins one of these enquires.
_CONTACTS = ("call", "visit", "letter", "support")
_LAST = text(
    """
    SELECT customer_id FROM customer_engagement WHERE workspace_id = :w AND customer_id > :after
    ORDER BY customer_id LIMIT :limit
    """
)
# When each of them enquired last: what they began, by hand or by a program, and what the workspace calls an enquiry.
_ENQUIRIES = """
    SELECT a.customer_id, max(a.at) AS at FROM activities a
    WHERE a.workspace_id = :w AND a.source <> 'tracking' AND a.at <= :now
      AND a.customer_id = ANY(CAST(:among AS bigint[]))
      AND a.name = ANY(CAST(:enquiries AS text[])) AND coalesce(a.facts ->> 'direction', 'in') = 'in'
    GROUP BY a.customer_id
"""
_TOLD = f"""
    SELECT e.customer_id, e.stage AS former, e.orders, e.spent, e.first_purchase_at, e.latest_purchase_at,
           greatest(q.at, e.latest_human_at) AS responded_at,
           CASE WHEN e.orders > 0 AND e.latest_purchase_at >= :active_since
                    THEN CASE WHEN e.orders > 1 THEN 'active' ELSE 'customer' END
                WHEN e.orders > 0 AND e.latest_purchase_at >= :inactive_since THEN 'at_risk'
                WHEN e.orders > 0 THEN 'inactive'
                WHEN greatest(q.at, e.latest_human_at) >= :lead_since THEN 'lead'
                WHEN greatest(q.at, e.latest_human_at) IS NOT NULL THEN 'lapsed_inquirer'
                ELSE 'prospect' END AS stage
    FROM customer_engagement e LEFT JOIN ({_ENQUIRIES}) q ON q.customer_id = e.customer_id
    WHERE e.workspace_id = :w AND e.customer_id = ANY(CAST(:among AS bigint[]))
"""
# Who is to be moved, and when time alone may next do so with whom. An earlier check stays: it may come too early.
_MOVING = text(
    f"""
    WITH told AS MATERIALIZED ({_TOLD}),
    next AS (
        SELECT customer_id, interval '1 microsecond' + CASE stage
            WHEN 'lead' THEN responded_at + :lead_for
            WHEN 'customer' THEN latest_purchase_at + :active_for
            WHEN 'active' THEN latest_purchase_at + :active_for
            WHEN 'at_risk' THEN latest_purchase_at + :inactive_for END AS due_at
        FROM told),
    checks AS (
        INSERT INTO life_cycle_checks AS c (workspace_id, customer_id, due_at)
        SELECT :w, n.customer_id, n.due_at FROM next n
        WHERE n.due_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM life_cycle_checks k
            WHERE k.workspace_id = :w AND k.customer_id = n.customer_id AND k.due_at <= n.due_at)
        ON CONFLICT (workspace_id, customer_id) DO UPDATE SET due_at = excluded.due_at)
    SELECT customer_id FROM told WHERE stage <> former ORDER BY customer_id
    """
)
_HOLD = text(
    """
    SELECT 1 FROM customer_engagement WHERE workspace_id = :w AND customer_id = ANY(CAST(:ids AS bigint[]))
    ORDER BY customer_id FOR UPDATE
    """
)
# What they were is kept with the move: it is not known any more once somebody has been inactive for long.
_MOVE = text(
    f"""
    WITH told AS MATERIALIZED (
        SELECT told.*, c.created_at FROM ({_TOLD}) told
        JOIN customers c ON c.workspace_id = :w AND c.id = told.customer_id
        WHERE told.customer_id = ANY(CAST(:ids AS bigint[])) AND told.stage <> told.former),
    moved AS (
        UPDATE customer_engagement e SET stage = told.stage, stage_since = :now
        FROM told WHERE e.workspace_id = :w AND e.customer_id = told.customer_id),
    counted AS (
        INSERT INTO life_cycle_counts AS c (workspace_id, stage, people, counted_at)
        SELECT :w, stage, sum(by), :now
        FROM (SELECT stage, 1 AS by FROM told UNION ALL SELECT former, -1 FROM told) each GROUP BY stage
        ON CONFLICT (workspace_id, stage) DO UPDATE SET
            people = greatest(c.people + excluded.people, 0), counted_at = excluded.counted_at)
    INSERT INTO life_cycle_moves (workspace_id, customer_id, at, stage, former, facts)
    SELECT :w, customer_id, :now, stage, former, jsonb_strip_nulls(jsonb_build_object(
        'purchased', to_char(latest_purchase_at, 'YYYY-MM-DD'), 'first', to_char(first_purchase_at, 'YYYY-MM-DD'),
        'responded', to_char(responded_at, 'YYYY-MM-DD'), 'orders', nullif(orders, 0), 'spent', nullif(spent, 0),
        'every', CASE WHEN orders > 1 THEN
            round(extract(epoch FROM latest_purchase_at - first_purchase_at) / 86400 / (orders - 1)) END))
    FROM told
    """
)
_COUNT = text(
    """
    INSERT INTO life_cycle_counts (workspace_id, stage, people, counted_at)
    SELECT :w, stage, count(*), :now FROM customer_engagement WHERE workspace_id = :w GROUP BY stage
    """
)


def move_next(
    session: Session, workspace_id: int, *, after: int, now: datetime, limit: int = AT_ONCE
) -> tuple[int, int | None]:
    """Put the next people where they belong; return how many moved, and whom to go on after (None: that was all)."""
    among = list(session.scalars(_LAST, {"w": workspace_id, "after": after, "limit": limit}))
    return (move(session, workspace_id, among, now=now), among[-1]) if among else (0, None)


def move(session: Session, workspace_id: int, customer_ids: Sequence[int], *, now: datetime) -> int:
    """Put these people where they belong; return how many moved."""
    if not customer_ids:
        return 0
    rules = stages.rules_of(session, workspace_id)
    binds = {"w": workspace_id, "among": list(customer_ids), "now": now, **_binds(rules, now)}
    ids = list(session.scalars(_MOVING, binds))
    if ids:
        session.execute(_HOLD, {"w": workspace_id, "ids": ids})
        session.execute(_MOVE, {**binds, "ids": ids})
    return len(ids)


def recount(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Count how many stand at each stage."""
    session.execute(delete(LifeCycleCount).where(LifeCycleCount.workspace_id == workspace_id))
    session.execute(_COUNT, {"w": workspace_id, "now": now})


def count_new(session: Session, workspace_id: int, number: int, *, now: datetime) -> None:
    """Count so many who are new, and prospects until they are moved."""
    row = insert(LifeCycleCount).values(workspace_id=workspace_id, stage=PROSPECT, people=number, counted_at=now)
    added = {"people": LifeCycleCount.people + row.excluded.people, "counted_at": row.excluded.counted_at}
    session.execute(row.on_conflict_do_update(index_elements=["workspace_id", "stage"], set_=added))


def counts(session: Session, workspace_id: int) -> tuple[dict[str, int], datetime | None]:
    """Return how many stood at each stage when they were counted last, and when that was."""
    query = select(LifeCycleCount).where(LifeCycleCount.workspace_id == workspace_id)
    rows = {row.stage: row for row in session.scalars(query)}
    found = {stage: rows[stage].people if stage in rows else 0 for stage in stages.STAGES}
    return found, max((row.counted_at for row in rows.values()), default=None)


def history(session: Session, workspace_id: int, customer_id: int, *, limit: int = 20) -> list[LifeCycleMove]:
    """Return how one customer came to where they are, the latest move first."""
    query = select(LifeCycleMove).where(
        LifeCycleMove.workspace_id == workspace_id, LifeCycleMove.customer_id == customer_id
    )
    return list(session.scalars(query.order_by(LifeCycleMove.id.desc()).limit(limit)))


def enquiries_of(session: Session, workspace_id: int) -> list[str]:
    """Return the names of activities by which people enquire in a workspace."""
    return _enquiries(stages.rules_of(session, workspace_id))


def _binds(rules: Rules, now: datetime) -> dict[str, Any]:
    days = {"lead_since": rules.lead_days, "active_since": rules.active_days, "inactive_since": rules.inactive_days}
    since = {name: now - timedelta(days=each) for name, each in days.items()}
    lasts = {"lead_for": rules.lead_days, "active_for": rules.active_days, "inactive_for": rules.inactive_days}
    # In hours: days of the database's own clock may have 23 or 25 of them.
    spans = {name: timedelta(hours=24 * each) for name, each in lasts.items()}
    return {**since, **spans, "enquiries": _enquiries(rules)}


def _enquiries(rules: Rules) -> list[str]:
    return [*_CONTACTS, *rules.enquiries]
