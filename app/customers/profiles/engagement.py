"""The one writer of `customer_engagement`: the sums of each customer's mails, responses and purchases.

But for the stage of the life cycle, which `life_cycle.moving` writes.

Whoever stores what the sums count calls this in the same transaction. Some do so in the middle of a statement of their
own; for them there are fragments of SQL (`*_sql`), with the binds they name.

Lock order: within a room first the rows an event is stored in, then the sums; many customers in the order of their ids.
Whoever cannot keep that order (senders, who follow their batch) is given way to by `lock_timeout`, see `tracking`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select, text, update
from sqlalchemy.orm import Session

from app.customers.models import Engagement
from app.customers.timeline.event_names import EventName

_REPLIED = text(
    """
    UPDATE customer_engagement SET latest_reply_at = greatest(latest_reply_at, :at),
                                   latest_human_at = greatest(latest_human_at, :at)
    WHERE workspace_id = :workspace_id AND customer_id = :customer_id
    """
)
_ADD_MACHINE_HITS = text(
    """
    UPDATE customer_engagement e SET machine_count = e.machine_count + s.hits
    FROM (SELECT * FROM unnest(CAST(:customer_ids AS bigint[]), CAST(:hits AS bigint[])) AS a(customer_id, hits)
          ORDER BY customer_id) s
    WHERE e.workspace_id = :workspace_id AND e.customer_id = s.customer_id
    """
)
# Times only move forward, and only a human click is a response.
_ADD_HITS = """
    UPDATE customer_engagement e SET
        open_count = e.open_count + s.opens,
        click_count = e.click_count + s.clicks,
        machine_count = e.machine_count + s.machines,
        latest_open_at = greatest(e.latest_open_at, s.open_at),
        latest_click_at = greatest(e.latest_click_at, s.click_at),
        latest_human_at = greatest(e.latest_human_at, s.click_at)
    FROM ({hits} ORDER BY customer_id) s
    WHERE e.workspace_id = :workspace_id AND e.customer_id = s.customer_id
"""
# What is older than the hits judged anew stays as it was, also where the events themselves are kept no longer.
_CORRECT_HITS = """
    UPDATE customer_engagement e SET
        open_count = greatest(e.open_count + s.opens, 0),
        click_count = greatest(e.click_count + s.clicks, 0),
        machine_count = greatest(e.machine_count + s.machines, 0),
        latest_open_at = s.open_at,
        latest_click_at = s.click_at,
        latest_human_at = greatest(s.click_at, e.latest_reply_at)
    FROM (
        SELECT c.*, CASE WHEN g.latest_open_at < :since THEN greatest(g.latest_open_at, o.at) ELSE o.at END AS open_at,
               CASE WHEN g.latest_click_at < :since THEN greatest(g.latest_click_at, k.at) ELSE k.at END AS click_at
        FROM unnest(CAST(:customer_ids AS bigint[]), CAST(:opens AS bigint[]), CAST(:clicks AS bigint[]),
                    CAST(:machines AS bigint[])) AS c(customer_id, opens, clicks, machines)
        JOIN customer_engagement g ON g.workspace_id = :workspace_id AND g.customer_id = c.customer_id
        LEFT JOIN LATERAL ({latest_open}) o ON true
        LEFT JOIN LATERAL ({latest_click}) k ON true
        ORDER BY c.customer_id
    ) s
    WHERE e.workspace_id = :workspace_id AND e.customer_id = s.customer_id
"""
_LATEST_HIT = """
    SELECT a.at FROM activities a
    WHERE a.workspace_id = :workspace_id AND a.customer_id = c.customer_id AND a.name = '{name}' AND a.verdict = 'human'
    ORDER BY a.at DESC LIMIT 1
"""
_CORRECTION = text(
    _CORRECT_HITS.format(
        latest_open=_LATEST_HIT.format(name=EventName.OPENED), latest_click=_LATEST_HIT.format(name=EventName.CLICKED)
    )
)
_ADD_PURCHASES = """
    UPDATE customer_engagement e SET orders = e.orders + t.orders, spent = e.spent + t.spent, items = e.items + t.items,
        first_purchase_at = least(e.first_purchase_at, t.first_at),
        latest_purchase_at = greatest(e.latest_purchase_at, t.latest_at)
    FROM ({totals} ORDER BY customer_id) t
    WHERE e.workspace_id = :workspace_id AND e.customer_id = t.customer_id
"""
_HOLD = """
    SELECT 1 FROM customer_engagement WHERE workspace_id = :workspace_id AND customer_id IN ({customers})
    ORDER BY customer_id FOR UPDATE
"""
_SET_PURCHASES = """
    UPDATE customer_engagement e SET orders = t.orders, spent = t.spent, items = t.items,
        first_purchase_at = t.first_at, latest_purchase_at = t.latest_at
    FROM ({totals} ORDER BY customer_id) t
    WHERE e.workspace_id = :workspace_id AND e.customer_id = t.customer_id
"""


@dataclass(frozen=True, slots=True)
class PurchaseTotals:
    """What one or more new orders of a customer add: `spent` in the workspace's usual currency alone."""

    orders: int
    spent: Decimal
    items: int
    first_at: datetime
    latest_at: datetime


def get(session: Session, workspace_id: int, customer_id: int) -> Engagement:
    """Return the sums of one customer; the row exists because the customer does."""
    return session.get_one(Engagement, (workspace_id, customer_id))


def purchase_totals_query(workspace_id: int) -> Select[*tuple[Any, ...]]:
    """Return (customer_id, orders, spent, latest_purchase_at) of everyone who bought."""
    return select(Engagement.customer_id, Engagement.orders, Engagement.spent, Engagement.latest_purchase_at).where(
        Engagement.workspace_id == workspace_id, Engagement.orders > 0
    )


def insert_sql(made: str) -> str:
    """Return the statement that gives the customers of `made`, a query of (workspace id, customer id), their rows."""
    return f"INSERT INTO customer_engagement (workspace_id, customer_id) {made}"


def recent_contacts_sql(workspace_id: str, customer_id: str) -> str:
    """Return the query of one customer's recent contacts, over two expressions of SQL."""
    return f"""SELECT g.recent_contact_at, g.recent_contact_topic FROM customer_engagement g
                    WHERE g.workspace_id = {workspace_id} AND g.customer_id = {customer_id} LIMIT 1"""


def add_contact_sql(asked: str, *, kept: int) -> str:
    """Return the statement that counts one more mail for the customers of `asked`, and their ids.

    `asked` has (customer_id, is_counted, seen); whoever was written to since `seen` is left out. Binds, as psycopg
    writes them: workspace, now, topic. `kept` is how many contacts are remembered.
    """
    return f"""UPDATE customer_engagement e SET
        sent_count = e.sent_count + 1,
        latest_sent_at = greatest(e.latest_sent_at, %(now)s::timestamptz),
        recent_contact_at = (array_prepend(%(now)s::timestamptz, e.recent_contact_at))[1:{kept}],
        recent_contact_topic = (array_prepend(%(topic)s::bigint, e.recent_contact_topic))[1:{kept}]
    FROM {asked} a
    WHERE e.workspace_id = %(workspace)s AND e.customer_id = a.customer_id AND NOT a.is_counted
      AND e.recent_contact_at[1] IS NOT DISTINCT FROM a.seen
    RETURNING e.customer_id"""


def record_reply(session: Session, workspace_id: int, customer_id: int, *, at: datetime) -> None:
    """Note that a person answered. What is older than the latest answer changes nothing."""
    session.execute(_REPLIED, {"workspace_id": workspace_id, "customer_id": customer_id, "at": at})


def add_hits(session: Session, workspace_id: int, hits: str) -> None:
    """Add what `hits`, a query of (customer_id, opens, clicks, machines, open_at, click_at), counts."""
    session.execute(text(_ADD_HITS.format(hits=hits)), {"workspace_id": workspace_id})


def add_machine_hits(session: Session, workspace_id: int, hits: Mapping[int, int]) -> None:
    """Count hits that are kept nowhere else, by customer: no evidence of a person."""
    if hits:
        counted = {"customer_ids": list(hits.keys()), "hits": list(hits.values())}
        session.execute(_ADD_MACHINE_HITS, {"workspace_id": workspace_id, **counted})


def correct_hits(
    session: Session, workspace_id: int, corrections: Mapping[int, Counter[str]], *, since: datetime
) -> None:
    """Add these differences by customer and column, and look up their latest hits; none before `since` has changed."""
    if not corrections:
        return
    customer_ids = sorted(corrections)
    columns = {"opens": "open_count", "clicks": "click_count", "machines": "machine_count"}
    differences = {name: [corrections[each][column] for each in customer_ids] for name, column in columns.items()}
    found = {"workspace_id": workspace_id, "customer_ids": customer_ids, "since": since}
    session.execute(_CORRECTION, {**found, **differences})


def add_purchases(session: Session, workspace_id: int, customer_id: int, added: PurchaseTotals) -> None:
    """Add new orders of one customer."""
    session.execute(
        update(Engagement)
        .where(Engagement.workspace_id == workspace_id, Engagement.customer_id == customer_id)
        .values(
            orders=Engagement.orders + added.orders,
            spent=Engagement.spent + added.spent,
            items=Engagement.items + added.items,
            first_purchase_at=func.least(Engagement.first_purchase_at, added.first_at),
            latest_purchase_at=func.greatest(Engagement.latest_purchase_at, added.latest_at),
        )
    )


def add_purchases_of_many(session: Session, workspace_id: int, totals: str, **binds: Any) -> None:
    """Add what `totals`, a query of (customer_id, orders, spent, items, first_at, latest_at), holds of new orders."""
    session.execute(text(_ADD_PURCHASES.format(totals=totals)), {"workspace_id": workspace_id, **binds})


def set_purchases_of_many(session: Session, workspace_id: int, customers: str, totals: str, **binds: Any) -> None:
    """Put `totals`, the same query over all orders of `customers`, in place of what was summed up before.

    The rows are held first, so that an order recorded meanwhile is either summed up here or added afterwards.
    """
    of_customers = {name: value for name, value in binds.items() if f":{name}" in customers}
    session.execute(text(_HOLD.format(customers=customers)), {"workspace_id": workspace_id, **of_customers})
    session.execute(text(_SET_PURCHASES.format(totals=totals)), {"workspace_id": workspace_id, **binds})
