"""What do the sums about each customer say after these events? Set-wise, one update for a batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.models import Engagement

# As many recent contacts as the longest cadence window can ask about.
CONTACTS_KEPT = 40


@dataclass(frozen=True, slots=True)
class Change:
    """What one batch of events adds for one customer. Only a human verdict may set `human_at`."""

    customer_id: int
    opens: int = 0
    clicks: int = 0
    machines: int = 0
    open_at: datetime | None = None
    click_at: datetime | None = None
    reply_at: datetime | None = None
    human_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """One mail that reached one customer; `topic_id` 0 when it belonged to none."""

    customer_id: int
    at: datetime
    topic_id: int


_APPLY = text(
    """
    UPDATE customer_engagement e SET
        open_count = e.open_count + c.opens,
        click_count = e.click_count + c.clicks,
        machine_count = e.machine_count + c.machines,
        latest_open_at = greatest(e.latest_open_at, to_timestamp(c.open_at)),
        latest_click_at = greatest(e.latest_click_at, to_timestamp(c.click_at)),
        latest_reply_at = greatest(e.latest_reply_at, to_timestamp(c.reply_at)),
        latest_human_at = greatest(e.latest_human_at, to_timestamp(c.human_at))
    FROM unnest(CAST(:ids AS bigint[]), CAST(:opens AS bigint[]), CAST(:clicks AS bigint[]),
                CAST(:machines AS bigint[]), CAST(:open_at AS float8[]), CAST(:click_at AS float8[]),
                CAST(:reply_at AS float8[]), CAST(:human_at AS float8[]))
        AS c(customer_id, opens, clicks, machines, open_at, click_at, reply_at, human_at)
    WHERE e.workspace_id = :workspace_id AND e.customer_id = c.customer_id
    """
)

_CONTACTED = text(
    f"""
    UPDATE customer_engagement e SET
        sent_count = e.sent_count + 1,
        latest_sent_at = greatest(e.latest_sent_at, c.at),
        recent_contact_at = (array_prepend(c.at, e.recent_contact_at))[1:{CONTACTS_KEPT}],
        recent_contact_topic = (array_prepend(c.topic_id, e.recent_contact_topic))[1:{CONTACTS_KEPT}]
    FROM unnest(CAST(:ids AS bigint[]), CAST(:at AS timestamptz[]), CAST(:topics AS bigint[]))
        AS c(customer_id, at, topic_id)
    WHERE e.workspace_id = :workspace_id AND e.customer_id = c.customer_id
    """
)


def apply(session: Session, workspace_id: int, changes: Iterable[Change]) -> None:
    """Add a batch of events to the sums; each customer appears at most once in it. Times only move forward."""
    rows = list(changes)
    if not rows:
        return
    values: dict[str, list[float | None]] = {
        "ids": [row.customer_id for row in rows],
        "opens": [row.opens for row in rows],
        "clicks": [row.clicks for row in rows],
        "machines": [row.machines for row in rows],
        "open_at": [_seconds(row.open_at) for row in rows],
        "click_at": [_seconds(row.click_at) for row in rows],
        "reply_at": [_seconds(row.reply_at) for row in rows],
        "human_at": [_seconds(row.human_at) for row in rows],
    }
    # Array literals: psycopg's own arrays cost ten times as much per row.
    literals = {name: "{" + ",".join(map(_literal, column)) + "}" for name, column in values.items()}
    session.execute(_APPLY, {"workspace_id": workspace_id, **literals})


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def _literal(number: float | None) -> str:
    return "NULL" if number is None else repr(number)


def record_contacts(session: Session, workspace_id: int, contacts: Sequence[Contact]) -> None:
    """Note mails that left, newest first per customer; each customer appears at most once in the batch."""
    if not contacts:
        return
    arrays = {
        "ids": [contact.customer_id for contact in contacts],
        "at": [contact.at for contact in contacts],
        "topics": [contact.topic_id for contact in contacts],
    }
    session.execute(_CONTACTED, {"workspace_id": workspace_id, **arrays})


def get(session: Session, workspace_id: int, customer_id: int) -> Engagement:
    """Return the sums of one customer; the row exists because the customer does."""
    return session.get_one(Engagement, (workspace_id, customer_id))
