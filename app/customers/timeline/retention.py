"""Deletes activities that are older than the workspace keeps them; segments ask for it, with what they still need.

What they had come to for each send stays, so that reports do not change: people by event and best verdict, clickers by
link. Whoever is counted there has nothing left of that event and send, and so is counted once.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.customers.timeline import activities
from app.customers.timeline.activity_queries import VERDICTS
from app.customers.timeline.event_names import EventName

AT_ONCE = 20_000

_RANKS = "ARRAY[" + ", ".join(f"'{verdict}'" for verdict in VERDICTS) + "]"
# The bound says which months are read; within them the rows are found by their key. What a customer did with one mail
# goes as a whole, when all of it is old. OFFSET 0 has each row look into the index, instead of all of `later` be read.
_DELETE = text(
    f"""
    WITH due AS MATERIALIZED (
        SELECT customer_id, at, id, send_id, name FROM activities a
        WHERE workspace_id = :workspace_id AND at < :before AND (send_id IS NULL OR NOT EXISTS (
            SELECT FROM activities later
            WHERE later.workspace_id = :workspace_id AND later.customer_id = a.customer_id AND later.at >= :before
              AND later.send_id = a.send_id AND later.name = a.name OFFSET 0))
        LIMIT :limit
    ), old AS MATERIALIZED (
        SELECT customer_id, at, id FROM due WHERE send_id IS NULL
        UNION ALL
        SELECT a.customer_id, a.at, a.id
        FROM (SELECT DISTINCT customer_id, send_id, name FROM due WHERE send_id IS NOT NULL) whole
        JOIN activities a ON a.workspace_id = :workspace_id AND a.customer_id = whole.customer_id AND a.at < :before
                         AND a.send_id = whole.send_id AND a.name = whole.name
    ), gone AS MATERIALIZED (
        DELETE FROM activities a USING old
        WHERE a.workspace_id = :workspace_id AND a.at < :before
          AND a.customer_id = old.customer_id AND a.at = old.at AND a.id = old.id
        RETURNING a.customer_id, a.send_id, a.link_id, a.name, a.verdict
    ), responses AS (
        INSERT INTO expired_send_responses AS known (workspace_id, send_id, name, verdict, people)
        SELECT :workspace_id, send_id, name, verdict, count(*)
        FROM (SELECT send_id, name,
                     coalesce(({_RANKS})[min(array_position({_RANKS}, verdict))], 'unsure') AS verdict
              FROM gone WHERE send_id IS NOT NULL GROUP BY send_id, name, customer_id) each
        GROUP BY send_id, name, verdict ORDER BY send_id, name, verdict
        ON CONFLICT (workspace_id, send_id, name, verdict) DO UPDATE SET people = known.people + excluded.people
    ), clicks AS (
        INSERT INTO expired_link_clicks AS known (workspace_id, send_id, link_id, people, machines)
        SELECT :workspace_id, send_id, link_id, count(DISTINCT customer_id) FILTER (WHERE verdict = 'human'),
               count(DISTINCT customer_id) FILTER (WHERE verdict <> 'human')
        FROM gone WHERE send_id IS NOT NULL AND link_id IS NOT NULL AND name = '{EventName.CLICKED}'
        GROUP BY send_id, link_id ORDER BY send_id, link_id
        ON CONFLICT (workspace_id, send_id, link_id) DO UPDATE
            SET people = known.people + excluded.people, machines = known.machines + excluded.machines
    )
    SELECT count(*) FROM gone
    """
)


def cutoff(session: Session, workspace_id: int, *, needed: datetime | None, now: datetime) -> datetime | None:
    """Return before when activities may go, or None where all are kept: from `needed` on, whatever is set."""
    months = workspaces.get(session, workspace_id).activity_months
    if not months or (needed and needed <= activities.EARLIEST):
        return None
    years, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    begins = now.replace(year=years, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
    return min(begins, needed) if needed else begins


def delete_expired(session: Session, workspace_id: int, *, before: datetime) -> bool:
    """Delete some of what is older, and say whether there may be more."""
    return delete_before(session, workspace_id, before, limit=AT_ONCE) >= AT_ONCE


def delete_before(session: Session, workspace_id: int, before: datetime, *, limit: int) -> int:
    """Delete about so many activities older than that, and return how many; all sums stay what they are."""
    values = {"workspace_id": workspace_id, "before": before, "limit": limit}
    return int(session.execute(_DELETE, values).scalar_one())
