"""Corrects, cancels and reinstates orders that are on record, as a shop tells them again.

From then on an order is the shop's: undoing the file that once brought it leaves it alone.
Lock order: the order's row, then its lines, then the sums beside the customer.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.commerce import order_sums, orders, products
from app.commerce.models import Order, OrderLine
from app.commerce.orders import NewLine, NewOrder, OrderRefused
from app.commerce.owned_items import following
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

_RETURNED = text(
    """
    UPDATE order_lines l SET returned = least(l.quantity, coalesce((
        SELECT sum(CAST(r.returned ->> CAST(l.number AS text) AS bigint)) FROM refunds r
        WHERE r.workspace_id = l.workspace_id AND r.order_id = l.order_id), 0))
    WHERE l.workspace_id = :w AND l.order_id = :order_id
    """
)


def amend(session: Session, workspace_id: int, order_id: int, new: NewOrder, *, now: datetime) -> bool:
    """Put what is told now in place of what was known of an order; say whether anything changed. Raise OrderRefused.

    Its customer stays, and so do what came back and what pieces cost.
    """
    orders.check(new)
    order = keyed_rows.hold(session, Order, workspace_id, order_id)
    if new.amount < order.refunded:
        raise OrderRefused(N_("Less was paid than has been given back already."), field="amount")
    items = sum(line.quantity for line in new.lines) if new.lines else new.items
    told = {
        "purchased_at": new.purchased_at,
        "amount": new.amount,
        "currency": new.currency,
        "items": items,
        "product": orders.names_of([line.product.name for line in new.lines]) or new.product or order.product,
        "discount": new.discount,
        "channel": new.channel or order.channel,
        "shop": new.shop or order.shop,
        "payment_method": new.payment_method or order.payment_method,
    }
    is_changed = any(getattr(order, name) != value for name, value in told.items())
    for name, value in told.items():
        setattr(order, name, value)
    order.import_id = order.import_row = None
    session.flush()
    if new.lines:
        is_changed |= _rewrite_lines(session, order, list(new.lines), now)
    elif is_changed:
        moved = {"purchased_at": new.purchased_at, "currency": new.currency}
        session.execute(update(OrderLine).where(*_of(order)).values(moved))
    if is_changed:
        following.follow_order(session, workspace_id, order_id, now=now)
        order_sums.recompute(session, workspace_id, [order.customer_id])
    return is_changed


def cancel(session: Session, workspace_id: int, order_id: int, *, at: datetime) -> bool:
    """Take an order back: it stays on record and counts nowhere. Say whether it stood until now."""
    order = keyed_rows.hold(session, Order, workspace_id, order_id)
    if order.cancelled_at is not None:
        return False
    order.cancelled_at = at
    order.import_id = order.import_row = None
    session.flush()
    session.execute(update(OrderLine).where(*_of(order)).values(returned=OrderLine.quantity))
    following.follow_order(session, workspace_id, order_id, now=at)
    order_sums.recompute(session, workspace_id, [order.customer_id])
    return True


def reinstate(session: Session, workspace_id: int, order_id: int, *, now: datetime) -> bool:
    """Let a cancelled order count again, but for what its refunds say came back. Say whether it was cancelled."""
    order = keyed_rows.hold(session, Order, workspace_id, order_id)
    if order.cancelled_at is None:
        return False
    order.cancelled_at = None
    session.flush()
    session.execute(_RETURNED, {"w": workspace_id, "order_id": order_id})
    following.follow_order(session, workspace_id, order_id, now=now)
    order_sums.recompute(session, workspace_id, [order.customer_id])
    return True


def _rewrite_lines(session: Session, order: Order, new: list[NewLine], now: datetime) -> bool:
    named = products.find_or_create(session, order.workspace_id, [line.product for line in new], now=now)
    query = select(OrderLine).where(*_of(order)).order_by(OrderLine.number).with_for_update()
    known = list(session.scalars(query.execution_options(populate_existing=True)))
    compared = ("product_id", "purchased_at", "currency", "quantity", "amount", "discount")
    before = [tuple(getattr(line, name) for name in compared) for line in known]
    rows = []
    for number, line in enumerate(new, start=1):
        product_id = named[line.product.ref].id
        # A line may move; what came back, and what pieces cost, goes with its product.
        same = next((each for each in known if each.product_id == product_id), None)
        if same is not None:
            known.remove(same)
        returned = line.quantity if order.cancelled_at else min(same.returned if same else 0, line.quantity)
        rows.append(
            {
                "workspace_id": order.workspace_id,
                "order_id": order.id,
                "number": number,
                "product_id": product_id,
                "customer_id": order.customer_id,
                "purchased_at": order.purchased_at,
                "currency": order.currency,
                "quantity": line.quantity,
                "amount": line.amount,
                "discount": line.discount,
                "cost": line.cost if line.cost is not None or same is None else same.cost,
                "returned": returned,
            }
        )
    if before == [tuple(row[name] for name in compared) for row in rows]:
        return False
    session.execute(delete(OrderLine).where(*_of(order)))
    session.execute(insert(OrderLine), rows)
    return True


def _of(order: Order) -> tuple[Any, Any]:
    return OrderLine.workspace_id == order.workspace_id, OrderLine.order_id == order.id

