"""Records orders with their lines, and refunds, one by one; reads them. Files of orders go through `imports`.

Lock order: the order's row, then its lines, then the sums beside the customer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy import FromClause, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.commerce import products
from app.commerce.facts import PurchaseRecorded
from app.commerce.models import Order, OrderLine, Product, Refund
from app.commerce.owned_items import following
from app.commerce.products import NamedProduct
from app.customers.imports.undoing.traces import Trace
from app.customers.profiles import codes, engagement
from app.customers.profiles.engagement import PurchaseTotals
from app.kernel.queueing import outbox
from app.kernel.refusals import NotFound, Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

LONGEST_REF = 200
LONGEST_NAMES = 300
MOST_LINES = 500
LARGEST_AMOUNT = Decimal(10) ** 11


class OrderRefused(Refusal):
    """The order has no number, no currency, or an amount that cannot be."""

    status = 422
    message = N_("This order cannot be recorded.")


class RefundRefused(Refusal):
    """More would be given back than was paid, or sent back than was ordered."""

    status = 422
    message = N_("This refund cannot be recorded.")


@dataclass(frozen=True)
class NewLine:
    """One product of an order; `amount` was paid for all its pieces, after `discount`; `cost` is what they cost us."""

    product: NamedProduct
    quantity: int
    amount: Decimal
    discount: Decimal = Decimal(0)
    cost: Decimal | None = None


@dataclass(frozen=True)
class NewOrder:
    """An order as a shop tells it. `product` names what was ordered where there are no lines; with lines they do."""

    customer_id: int
    order_ref: str
    purchased_at: datetime
    amount: Decimal
    currency: str
    items: int = 1
    product: str | None = None
    lines: Sequence[NewLine] = ()
    discount: Decimal = Decimal(0)
    channel: str | None = None
    shop: str | None = None
    payment_method: str | None = None


@dataclass(frozen=True)
class NewRefund:
    """Money given back for an order, with how many pieces of which line came back."""

    ref: str
    amount: Decimal
    refunded_at: datetime
    reason: str | None = None
    returned: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ShownLine:
    """A line with its product, as pages show it."""

    line: OrderLine
    product: Product


def record(session: Session, workspace_id: int, new: NewOrder, *, now: datetime) -> int:
    """Note one order and return its id. The same order told twice is one; the first account stands."""
    check(new)
    lines = new.lines or _single_line(new)
    named = products.find_or_create(session, workspace_id, [line.product for line in lines], now=now)
    items = sum(line.quantity for line in new.lines) if new.lines else new.items
    statement = insert(Order).values(
        workspace_id=workspace_id,
        customer_id=new.customer_id,
        order_ref=new.order_ref,
        purchased_at=new.purchased_at,
        amount=new.amount,
        currency=new.currency,
        items=items,
        product=names_of([line.product.name for line in lines]),
        discount=new.discount,
        channel=new.channel,
        shop=new.shop,
        payment_method=new.payment_method,
    )
    unique = statement.on_conflict_do_nothing(index_elements=["workspace_id", "order_ref"])
    order_id: int | None = session.scalar(unique.returning(Order.id))
    if order_id is None:
        known = find_id(session, workspace_id, new.order_ref)
        assert known is not None
        return known
    if lines:
        session.execute(insert(OrderLine), [
            {
                "workspace_id": workspace_id,
                "order_id": order_id,
                "number": number,
                "product_id": named[line.product.ref].id,
                "customer_id": new.customer_id,
                "purchased_at": new.purchased_at,
                "currency": new.currency,
                "quantity": line.quantity,
                "amount": line.amount,
                "discount": line.discount,
                "cost": line.cost,
            }
            for number, line in enumerate(lines, start=1)
        ])  # fmt: skip
    if any(products.is_owned(product) for product in named.values()):
        following.follow_order(session, workspace_id, order_id, now=now)
    is_usual = new.currency == workspaces.settle_currency(session, workspace_id, new.currency)
    added = PurchaseTotals(1, new.amount if is_usual else Decimal(0), items, new.purchased_at, new.purchased_at)
    engagement.add_purchases(session, workspace_id, new.customer_id, added)
    outbox.publish(session, PurchaseRecorded(workspace_id, new.customer_id, order_id, new.purchased_at.isoformat()))
    return order_id


def refund(session: Session, workspace_id: int, order_ref: str, new: NewRefund, *, now: datetime) -> bool:
    """Note money given back for an order; say whether it is new. The same refund told twice is one.

    Raise NotFound for an unknown order, RefundRefused for more than was paid or ordered.
    """
    query = select(Order).where(Order.workspace_id == workspace_id, Order.order_ref == order_ref).with_for_update()
    order = session.scalar(query.execution_options(populate_existing=True))
    if order is None:
        raise NotFound
    if not 0 < len(new.ref) <= LONGEST_REF or "\0" in new.ref:
        raise RefundRefused(N_("Give the refund's number, at most 200 characters."), field="refund_ref")
    if new.amount < 0:
        raise RefundRefused(N_("Give the amount as a number."), field="amount")
    pieces = sum(new.returned.values())
    row = insert(Refund).values(
        workspace_id=workspace_id,
        order_id=order.id,
        ref=new.ref,
        amount=new.amount,
        items=pieces,
        returned={str(number): count for number, count in new.returned.items()},
        refunded_at=new.refunded_at,
        reason=new.reason,
    )
    if session.scalar(row.on_conflict_do_nothing().returning(Refund.order_id)) is None:
        return False
    if order.refunded + new.amount > max(order.amount, Decimal(0)):
        raise RefundRefused(N_("More would be given back than was paid."), field="amount")
    order.refunded += new.amount
    if order.cancelled_at is not None:
        # It counts nowhere already, and all of its pieces are back.
        session.flush()
        return True
    _take_back(session, order, new.returned)
    if new.returned:
        session.flush()
        following.follow_order(session, workspace_id, order.id, now=now)
    is_usual = order.currency == workspaces.settle_currency(session, workspace_id, order.currency)
    spent = -new.amount if is_usual else Decimal(0)
    less = PurchaseTotals(0, spent, -pieces, order.purchased_at, order.purchased_at)
    engagement.add_purchases(session, workspace_id, order.customer_id, less)
    session.flush()
    return True


def get(session: Session, workspace_id: int, order_id: int) -> Order:
    """Return the order; raise NotFound."""
    return keyed_rows.get(session, Order, workspace_id, order_id)


def find_id(session: Session, workspace_id: int, order_ref: str) -> int | None:
    """Return the order of this number, None where there is none."""
    query = select(Order.id).where(Order.workspace_id == workspace_id, Order.order_ref == order_ref)
    found: int | None = session.scalar(query)
    return found


def newest(
    session: Session, workspace_id: int, customer_id: int, *, limit: int = 20, is_standing: bool = False
) -> list[Order]:
    """Return the customer's latest orders, newest first; cancelled ones too, unless those that stand are asked for."""
    query = (
        select(Order)
        .where(Order.workspace_id == workspace_id, Order.customer_id == customer_id)
        .order_by(Order.purchased_at.desc(), Order.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query.where(Order.cancelled_at.is_(None)) if is_standing else query))


def lines_of(session: Session, workspace_id: int, order_ids: Sequence[int]) -> dict[int, list[ShownLine]]:
    """Return the lines of these orders with their products, by order."""
    query = (
        select(OrderLine, Product)
        .join(Product, (Product.workspace_id == OrderLine.workspace_id) & (Product.id == OrderLine.product_id))
        .where(OrderLine.workspace_id == workspace_id, OrderLine.order_id.in_(order_ids))
        .order_by(OrderLine.order_id, OrderLine.number)
    )
    found: dict[int, list[ShownLine]] = {}
    for line, product in session.execute(query):
        found.setdefault(line.order_id, []).append(ShownLine(line, product))
    return found


# Who bought anything, for the undo of imports.
TRACE = Trace(Order.customer_id)


def usual_currency(session: Session, workspace_id: int) -> str | None:
    """Return the currency of the workspace's first order, in which its sums are made and shown.

    Euro and yen have no sum: what was bought in another currency is counted and listed, not added to what was spent.
    """
    return workspaces.get(session, workspace_id).currency


def order_rows() -> FromClause:
    """Return the rows of orders for rooms that sum them up; who reads them names the workspace."""
    return Order.__table__


def line_rows() -> FromClause:
    """Return the rows of order lines, likewise."""
    return OrderLine.__table__


def names_of(named: Sequence[str]) -> str | None:
    """Return what was ordered in words: the names of the products, each once, as far as they fit into a line."""
    text = ", ".join(dict.fromkeys(named))
    if len(text) > LONGEST_NAMES:
        return text[: LONGEST_NAMES - 1] + "…"
    return text or None


def _single_line(new: NewOrder) -> list[NewLine]:
    """Return the one line of an order of which only a product's name is known."""
    if not new.product or new.items < 1:
        return []
    name = new.product[: products.LONGEST]
    return [NewLine(NamedProduct(name, name), new.items, new.amount)]


def _take_back(session: Session, order: Order, returned: Mapping[int, int]) -> None:
    query = select(OrderLine).where(OrderLine.workspace_id == order.workspace_id, OrderLine.order_id == order.id)
    lines = {line.number: line for line in session.scalars(query.order_by(OrderLine.number).with_for_update())}
    for number, pieces in returned.items():
        line = lines.get(number)
        if line is None or pieces < 1 or line.returned + pieces > line.quantity:
            raise RefundRefused(N_("More would be sent back than was ordered."), field="returned")
        line.returned += pieces


def check(new: NewOrder) -> None:
    """Raise OrderRefused for what no order can be."""
    if not 0 < len(new.order_ref) <= LONGEST_REF or "\0" in new.order_ref:
        raise OrderRefused(N_("Give the order's number, at most 200 characters."), field="order_ref")
    if not new.amount.is_finite() or abs(new.amount) >= LARGEST_AMOUNT:
        raise OrderRefused(N_("Give the amount as a number."), field="amount")
    if new.currency not in codes.currencies():
        raise OrderRefused(N_("This is not a currency; write its three letters, such as EUR."), field="currency")
    if not 0 <= new.items < 1_000_000:
        raise OrderRefused(N_("Give the number of items."), field="items")
    if len(new.lines) > MOST_LINES:
        raise OrderRefused(N_("An order has at most 500 lines."), field="lines")
    for line in new.lines:
        named = (line.product.ref, line.product.name)
        if not 1 <= line.quantity < 1_000_000 or not all(0 < len(text) <= products.LONGEST for text in named):
            raise OrderRefused(N_("Give each line a product and a quantity."), field="lines")
