"""Reads stored clicks and opens for tracking, which judges them anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.timeline.event_names import HITS
from app.kernel.sql import arrays

_NAMES = ", ".join(f"'{name}'" for name in HITS)


class HitOnRecord(NamedTuple):
    """One click or open of a message as it stands on record; `link_id` is 0 where there is none."""

    id: int
    customer_id: int
    message_id: int
    verdict: str
    version: int
    name: str
    at: datetime
    link_id: int
    method: str
    ip: str
    agent: str


_COLUMNS = """id, customer_id, message_id, coalesce(verdict, ''), coalesce(verdict_version, 0), name, at,
    coalesce(link_id, 0), coalesce(facts ->> 'method', 'GET'), coalesce(facts ->> 'ip', ''),
    coalesce(facts ->> 'agent', '')"""
_SINCE = text(
    f"""
    SELECT {_COLUMNS} FROM activities
    WHERE workspace_id = :workspace_id AND name IN ({_NAMES}) AND message_id IS NOT NULL
      AND customer_id = ANY(:customer_ids) AND at >= :since
    ORDER BY at, id
    """
)
# A customer's timeline is indexed, and read once however many of their messages were hit; each row is compared with
# the messages of its own customer alone, never with all that were asked for. OFFSET 0 keeps the planner from turning
# the look-ups round, which it does where its statistics have not seen the newest hours, at a thousand times the cost.
_OF_MESSAGES = text(
    f"""
    SELECT a.*
    FROM (SELECT customer_id, array_agg(message_id) AS message_ids
          FROM unnest(CAST(:customer_ids AS bigint[]), CAST(:message_ids AS bigint[])) AS m(customer_id, message_id)
          GROUP BY customer_id) AS asked
    CROSS JOIN LATERAL (
        SELECT {_COLUMNS.replace("customer_id", "activities.customer_id")} FROM activities
        WHERE workspace_id = :workspace_id AND customer_id = asked.customer_id AND at BETWEEN :since AND :until
          AND message_id = ANY(asked.message_ids) AND name IN ({_NAMES})
        OFFSET 0
    ) a
    ORDER BY a.at, a.id
    """
)
_CUSTOMERS = text(
    f"""
    SELECT DISTINCT customer_id FROM activities
    WHERE workspace_id = :workspace_id AND name IN ({_NAMES}) AND customer_id > :above AND at >= :since
    ORDER BY customer_id LIMIT :limit
    """
)


def since(session: Session, workspace_id: int, customer_ids: Sequence[int], at: datetime) -> list[HitOnRecord]:
    """Return the hits of these customers from `at` on, oldest first."""
    rows = session.execute(_SINCE, {"workspace_id": workspace_id, "customer_ids": list(customer_ids), "since": at})
    return [HitOnRecord(*row) for row in rows]


def of_messages(
    session: Session, workspace_id: int, messages: Mapping[int, int], since: datetime, until: datetime
) -> list[HitOnRecord]:
    """Return the hits of these messages (customer by message) in a stretch of time, oldest first."""
    values = {
        "workspace_id": workspace_id,
        "customer_ids": arrays.numbers(messages.values()),
        "message_ids": arrays.numbers(messages.keys()),
        "since": since,
        "until": until,
    }
    return [HitOnRecord(*row) for row in session.execute(_OF_MESSAGES, values)]


def customers_above(
    session: Session, workspace_id: int, customer_id: int, *, since: datetime, limit: int
) -> list[int]:
    """Return the next customers, by id, who have hits from `since` on."""
    values = {"workspace_id": workspace_id, "above": customer_id, "since": since, "limit": limit}
    return list(session.scalars(_CUSTOMERS, values))
