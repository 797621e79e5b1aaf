"""Stored hits, read and revised when they are judged anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.tracking.hits.verdicts import VERSION, Hit, Judgement


@dataclass(frozen=True, slots=True)
class StoredHit:
    """One click or open of the timeline, with the verdict it carries now."""

    id: int
    customer_id: int
    message_id: int
    verdict: str
    version: int
    hit: Hit


_COLUMNS = """
    SELECT id, customer_id, message_id, verdict, verdict_version, kind, at, coalesce(link_id, 0),
           facts ->> 'method', facts ->> 'ip', facts ->> 'agent'
    FROM activities
    WHERE workspace_id = :workspace_id AND kind IN ('click', 'open') AND message_id IS NOT NULL
"""
_RECENT = text(f"{_COLUMNS} AND customer_id = ANY(:customer_ids) AND at >= :since ORDER BY at, id")
# A customer's timeline is indexed, and read once however many of their messages were hit. OFFSET 0 keeps the planner
# from turning the look-ups round, which it does where its statistics have not seen the newest hours, at a thousand
# times the cost.
_COMPANY = text(
    """
    SELECT a.*
    FROM (SELECT DISTINCT unnest(CAST(:customer_ids AS bigint[])) AS customer_id) AS asked
    CROSS JOIN LATERAL (
        SELECT id, customer_id, message_id, verdict, verdict_version, kind, at, coalesce(link_id, 0),
               facts ->> 'method', facts ->> 'ip', facts ->> 'agent'
        FROM activities
        WHERE workspace_id = :workspace_id AND customer_id = asked.customer_id AND at BETWEEN :since AND :until
          AND message_id = ANY(CAST(:message_ids AS bigint[])) AND kind = ANY(:kinds)
        OFFSET 0
    ) a
    ORDER BY a.at, a.id
    """
)
_CUSTOMERS = text(
    """
    SELECT DISTINCT customer_id FROM activities
    WHERE workspace_id = :workspace_id AND kind IN ('click', 'open') AND customer_id > :above
    ORDER BY customer_id LIMIT :limit
    """
)
_REVISE = text(
    """
    UPDATE activities a
    SET verdict = r.verdict, verdict_version = :version,
        reasons = coalesce(string_to_array(nullif(r.reasons, ''), ' '), '{}')
    FROM unnest(CAST(:ids AS bigint[]), CAST(:customer_ids AS bigint[]), CAST(:times AS timestamptz[]),
                CAST(:verdicts AS text[]), CAST(:reasons AS text[])) AS r(id, customer_id, at, verdict, reasons)
    WHERE a.workspace_id = :workspace_id AND a.customer_id = r.customer_id AND a.at = r.at AND a.id = r.id
    """
)
# Counted anew, because a verdict taken back must be taken out of the sums again.
_RECOUNT = text(
    """
    UPDATE customer_engagement e SET
        open_count = s.opens, click_count = s.clicks, machine_count = s.machines,
        latest_open_at = s.open_at, latest_click_at = s.click_at, latest_reply_at = s.reply_at,
        latest_human_at = greatest(s.click_at, s.reply_at)
    FROM (
        SELECT c.customer_id,
               count(*) FILTER (WHERE a.kind = 'open' AND a.verdict = 'human') AS opens,
               count(*) FILTER (WHERE a.kind = 'click' AND a.verdict = 'human') AS clicks,
               count(*) FILTER (WHERE a.kind IN ('open', 'click') AND a.verdict <> 'human')
                 + coalesce((SELECT sum(h.beyond) FROM message_hits h WHERE h.workspace_id = :workspace_id
                             AND h.customer_id = c.customer_id), 0) AS machines,
               max(a.at) FILTER (WHERE a.kind = 'open' AND a.verdict = 'human') AS open_at,
               max(a.at) FILTER (WHERE a.kind = 'click' AND a.verdict = 'human') AS click_at,
               max(a.at) FILTER (WHERE a.kind = 'reply' AND a.verdict = 'human') AS reply_at
        FROM unnest(CAST(:customer_ids AS bigint[])) AS c(customer_id)
        LEFT JOIN activities a ON a.workspace_id = :workspace_id AND a.customer_id = c.customer_id
        GROUP BY c.customer_id
    ) s
    WHERE e.workspace_id = :workspace_id AND e.customer_id = s.customer_id
    """
)


def since(session: Session, workspace_id: int, customer_ids: Sequence[int], at: datetime) -> list[StoredHit]:
    """Return the stored hits of these customers from `at` on, oldest first."""
    rows = session.execute(_RECENT, {"workspace_id": workspace_id, "customer_ids": list(customer_ids), "since": at})
    return [_stored(row) for row in rows]


def company(
    session: Session, workspace_id: int, messages: Mapping[int, int], since: datetime, until: datetime
) -> list[StoredHit]:
    """Return the stored hits of these messages (customer by message) in a stretch of time, oldest first."""
    values = {
        "workspace_id": workspace_id,
        "customer_ids": array(messages.values()),
        "message_ids": array(messages.keys()),
        "kinds": ["click", "open"],
        "since": since,
        "until": until,
    }
    return [_stored(row) for row in session.execute(_COMPANY, values)]


def array(numbers: Iterable[int]) -> str:
    """Return PostgreSQL's way to write an array; psycopg's own costs ten times as much per number."""
    return "{" + ",".join(map(str, numbers)) + "}"


def customers_above(session: Session, workspace_id: int, customer_id: int, *, limit: int) -> list[int]:
    """Return the next customers, by id, who have hits."""
    values = {"workspace_id": workspace_id, "above": customer_id, "limit": limit}
    return list(session.scalars(_CUSTOMERS, values))


def revise(session: Session, workspace_id: int, revised: Sequence[tuple[StoredHit, Judgement]]) -> None:
    """Write new verdicts beside the raw facts, and count the customers concerned anew."""
    if not revised:
        return
    session.execute(
        _REVISE,
        {
            "workspace_id": workspace_id,
            "version": VERSION,
            "ids": [stored.id for stored, _ in revised],
            "customer_ids": [stored.customer_id for stored, _ in revised],
            "times": [stored.hit.at for stored, _ in revised],
            "verdicts": [judgement.verdict.value for _, judgement in revised],
            "reasons": [" ".join(judgement.reasons) for _, judgement in revised],
        },
    )
    customer_ids = sorted({stored.customer_id for stored, _ in revised})
    session.execute(_RECOUNT, {"workspace_id": workspace_id, "customer_ids": customer_ids})


def _stored(row: Row[*tuple[Any, ...]]) -> StoredHit:
    hit_id, customer_id, message_id, verdict, version, kind, at, link_id, method, ip, agent = row
    hit = Hit(kind, at, link_id, method or "GET", ip or "", agent or "")
    return StoredHit(hit_id, customer_id, message_id, verdict or "", version or 0, hit)
