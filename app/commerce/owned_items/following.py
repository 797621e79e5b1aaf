"""Has owned items follow from order lines: of products that are durable or last a known time, in a few statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

# An item that staff have changed keeps what they said; how many pieces there are, the order says.
_ADD = """
    INSERT INTO owned_items (workspace_id, customer_id, product_id, name, quantity, condition, since_on, due_on, source,
                             order_id, order_line, created_at, updated_at)
    SELECT l.workspace_id, l.customer_id, l.product_id, p.name, l.quantity - l.returned, 'new',
           CAST(l.purchased_at AS date), CAST(l.purchased_at AS date) + CAST(p.life_days AS integer), 'order',
           l.order_id, l.number, :now, :now
    FROM order_lines l JOIN products p ON p.workspace_id = l.workspace_id AND p.id = l.product_id
    WHERE l.workspace_id = :w AND {which} AND (p.is_durable OR p.life_days IS NOT NULL) AND l.quantity > l.returned
    ON CONFLICT (workspace_id, order_id, order_line) WHERE order_id IS NOT NULL DO UPDATE SET
        quantity = excluded.quantity, updated_at = excluded.updated_at,
        ended_on = CASE WHEN owned_items.source = 'order' THEN NULL ELSE owned_items.ended_on END,
        product_id = CASE WHEN owned_items.source = 'order' THEN excluded.product_id ELSE owned_items.product_id END,
        name = CASE WHEN owned_items.source = 'order' THEN excluded.name ELSE owned_items.name END,
        since_on = CASE WHEN owned_items.source = 'order' THEN excluded.since_on ELSE owned_items.since_on END,
        due_on = CASE WHEN owned_items.source = 'order' THEN excluded.due_on ELSE owned_items.due_on END
    WHERE owned_items.quantity <> excluded.quantity
       OR (owned_items.source = 'order' AND owned_items.ended_on IS NULL
           AND ROW(owned_items.product_id, owned_items.since_on, owned_items.due_on)
               IS DISTINCT FROM ROW(excluded.product_id, excluded.since_on, excluded.due_on))
"""
# What came back whole, or stands in the order no more, is nobody's.
_END = text(
    """
    UPDATE owned_items i SET ended_on = CAST(:now AS date), updated_at = :now
    WHERE i.workspace_id = :w AND i.order_id = :order_id AND i.ended_on IS NULL
      AND NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.workspace_id = i.workspace_id AND l.order_id = i.order_id
                        AND l.number = i.order_line AND l.quantity > l.returned)
    """
)
_DUE = text(
    """
    UPDATE owned_items i SET due_on = i.since_on + CAST(p.life_days AS integer), updated_at = :now
    FROM products p
    WHERE i.workspace_id = :w AND i.product_id = :product_id AND p.workspace_id = i.workspace_id AND p.id = i.product_id
      AND i.replace_on IS NULL AND i.life_days IS NULL
      AND i.due_on IS DISTINCT FROM i.since_on + CAST(p.life_days AS integer)
    """
)
# What follows from nothing: lines that are there no more, and orders that never were.
_GONE = text(
    """
    DELETE FROM owned_items i
    WHERE i.workspace_id = :w AND i.order_id = ANY(CAST(:order_ids AS bigint[])) AND i.source = 'order'
      AND NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.workspace_id = i.workspace_id AND l.order_id = i.order_id
                        AND l.number = i.order_line AND l.quantity > l.returned)
    """
)
_ANY = text(
    "SELECT EXISTS (SELECT 1 FROM products WHERE workspace_id = :w AND (is_durable OR life_days IS NOT NULL))"
)


def follow_order(session: Session, workspace_id: int, order_id: int, *, now: datetime) -> None:
    """Make the items of an order what its lines say now."""
    _add(session, workspace_id, "l.order_id = :order_id", now=now, order_id=order_id)
    session.execute(_END, {"w": workspace_id, "order_id": order_id, "now": now})


def follow_orders(session: Session, workspace_id: int, order_ids: Sequence[int], *, now: datetime) -> None:
    """Make the items of several orders what their lines say now; those of an order that is gone go with it."""
    ids = list(order_ids)
    session.execute(_GONE, {"w": workspace_id, "order_ids": ids})
    if session.scalar(_ANY, {"w": workspace_id}):
        _add(session, workspace_id, "l.order_id = ANY(CAST(:order_ids AS bigint[]))", now=now, order_ids=ids)


def follow_import(session: Session, workspace_id: int, import_id: int, *, now: datetime) -> None:
    """Add the items of the orders that a file brought."""
    if session.scalar(_ANY, {"w": workspace_id}):
        of_import = "l.order_id IN (SELECT id FROM orders WHERE workspace_id = :w AND import_id = :import_id)"
        _add(session, workspace_id, of_import, now=now, import_id=import_id)


def follow_product(session: Session, workspace_id: int, product_id: int, *, now: datetime) -> None:
    """Add the items of all orders of a product that is owned from now on, and say anew when they are due."""
    _add(session, workspace_id, "l.product_id = :product_id", now=now, product_id=product_id)
    session.execute(_DUE, {"w": workspace_id, "product_id": product_id, "now": now})


def _add(session: Session, workspace_id: int, which: str, *, now: datetime, **binds: Any) -> None:
    session.execute(text(_ADD.format(which=which)), {"w": workspace_id, "now": now, **binds})
