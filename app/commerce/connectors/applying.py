"""Writes down what a shop told, through the same actions that files, pages and programs use.

Whatever is older than what is known changes nothing. What cannot be done yet raises TooEarly and is tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.commerce import carts, order_changes, orders, products
from app.commerce.carts import CartLine, NewCart
from app.commerce.connectors import shop_people, shop_records
from app.commerce.connectors.readings import PayloadRefused
from app.commerce.connectors.shop_people import Context
from app.commerce.connectors.told import (
    NothingTold,
    Told,
    ToldCart,
    ToldCustomer,
    ToldEvent,
    ToldGone,
    ToldOrder,
    ToldProduct,
    ToldRefund,
)
from app.commerce.orders import NewLine, NewOrder, NewRefund
from app.commerce.products import ProductChange
from app.customers.timeline import activities, reporting
from app.customers.timeline.activities import ActivityRow, EventTimeRefused
from app.customers.timeline.event_names import Source, is_reserved
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_, MessageId

# Of an event's name.
LONGEST_NAME = 80
DONE, OUTDATED, IGNORED = "done", "outdated", "ignored"


class TooEarly(Refusal):
    """What this is about has not been told yet: shops do not keep the order of their webhooks."""

    message = N_("There is no such order yet.")


class NumberTaken(Refusal):
    """Two shops count their orders alike."""

    message = N_("Another order has the number %(number)s already. Give the numbers of this shop a prefix.")


@dataclass
class Outcome:
    """What came of a webhook, with notes for whoever looks."""

    state: str = DONE
    notes: list[tuple[MessageId, Mapping[str, Any]]] = field(default_factory=list)

    def note(self, message: MessageId, **values: Any) -> None:
        """Say something about it; what is said already is not said again."""
        if (message, values) not in self.notes:
            self.notes.append((message, values))


def apply(session: Session, context: Context, told: Told, *, now: datetime) -> Outcome:
    """Write down what was told; raise a Refusal for what cannot be."""
    outcome = Outcome()
    if isinstance(told, NothingTold):
        outcome.state = IGNORED
        outcome.note(MessageId(told.why))
    elif isinstance(told, ToldCustomer):
        _customer(session, context, told, outcome, now)
    elif isinstance(told, ToldOrder):
        _order(session, context, told, outcome, now)
    elif isinstance(told, ToldRefund):
        _lone_refund(session, context, told, outcome, now)
    elif isinstance(told, ToldCart):
        _cart(session, context, told, outcome, now)
    elif isinstance(told, ToldEvent):
        _event(session, context, told, outcome, now)
    elif isinstance(told, ToldProduct):
        _product(session, context, told, outcome, now)
    else:
        _gone(session, context, told, outcome, now)
    return outcome


def _customer(session: Session, context: Context, told: ToldCustomer, outcome: Outcome, now: datetime) -> None:
    found = shop_people.take(session, context, told, outcome.note, now=now)
    if found.customer is None:
        outcome.state = IGNORED
        outcome.note(N_("It names no email, so nobody can be found or added."))
    elif found.is_outdated:
        outcome.state = OUTDATED


def _order(session: Session, context: Context, told: ToldOrder, outcome: Outcome, now: datetime) -> None:
    workspace_id, connection = context.connection.workspace_id, context.connection
    # Two jobs that take people and orders in another order would wait for each other: people come first.
    customer = shop_people.take(session, context, told.customer, outcome.note, now=now).customer
    known = shop_records.claim(session, connection, shop_records.ORDER, told.external_id, told_at=told.told_at)
    if known is None:
        outcome.state = OUTDATED
        return
    order_id = known.row_id
    if order_id is None:
        if told.cancelled_at is not None and not _is_on_record(session, context, told):
            # Shops make orders of what nobody paid in the end: such a cart was left, and nothing was bought.
            outcome.state = IGNORED
            outcome.note(N_("The order was cancelled before it was on record."))
            return
        if customer is None:
            raise PayloadRefused(N_("It names no email, so nobody can be found or added."))
        order_id = _recorded(session, context, told, customer.id, now)
    elif not order_changes.amend(session, workspace_id, order_id, _new_order(context, told, 0), now=now):
        outcome.note(N_("The order is on record as it is told."))
    parts = [line.external_id for line in told.lines]
    shop_records.settle(session, connection, shop_records.ORDER, told.external_id, order_id, parts)
    for refund in told.refunds:
        _refund(session, workspace_id, order_id, refund, parts, now)
    _cancel_or_reinstate(session, workspace_id, order_id, told, outcome, now)
    carts.close(session, workspace_id, connection.id, told.cart_refs, at=told.purchased_at)


def _cancel_or_reinstate(
    session: Session, workspace_id: int, order_id: int, told: ToldOrder, outcome: Outcome, now: datetime
) -> None:
    if told.cancelled_at is not None:
        if order_changes.cancel(session, workspace_id, order_id, at=told.cancelled_at):
            outcome.note(N_("The order is cancelled."))
    elif told.tells_cancellation and order_changes.reinstate(session, workspace_id, order_id, now=now):
        outcome.note(N_("The order was cancelled, and stands again."))


def _is_on_record(session: Session, context: Context, told: ToldOrder) -> bool:
    return orders.find_id(session, context.connection.workspace_id, told.order_ref) is not None


def _recorded(session: Session, context: Context, told: ToldOrder, customer_id: int, now: datetime) -> int:
    """Record a new order, or take over the one of this number that a file or a program has told."""
    workspace_id, connection = context.connection.workspace_id, context.connection
    new = _new_order(context, told, customer_id)
    before = orders.find_id(session, workspace_id, new.order_ref)
    if before is None:
        return orders.record(session, workspace_id, new, now=now)
    is_other = shop_records.is_of_other(session, connection, shop_records.ORDER, told.external_id, before)
    if is_other or orders.get(session, workspace_id, before).customer_id != customer_id:
        raise NumberTaken(number=new.order_ref)
    order_changes.amend(session, workspace_id, before, new, now=now)
    return before


def _new_order(context: Context, told: ToldOrder, customer_id: int) -> NewOrder:
    return NewOrder(
        customer_id=customer_id,
        order_ref=told.order_ref,
        purchased_at=told.purchased_at,
        amount=told.amount,
        currency=told.currency,
        lines=[NewLine(line.product, line.quantity, line.amount, line.discount) for line in told.lines],
        items=0,
        discount=told.discount,
        channel=told.channel[:200] or None,
        shop=context.connection.name,
        payment_method=told.payment_method[:200] or None,
    )


def _lone_refund(session: Session, context: Context, told: ToldRefund, outcome: Outcome, now: datetime) -> None:
    known = shop_records.find(session, context.connection, shop_records.ORDER, told.order_id)
    if known is None or known.row_id is None:
        raise TooEarly
    if not _refund(session, context.connection.workspace_id, known.row_id, told, known.parts, now):
        outcome.note(N_("The refund is on record already."))


def _refund(
    session: Session, workspace_id: int, order_id: int, told: ToldRefund, parts: Any, now: datetime
) -> bool:
    numbers = {external_id: number for number, external_id in enumerate(parts, start=1)}
    returned = {numbers[line]: pieces for line, pieces in told.returned.items() if line in numbers}
    new = NewRefund(told.external_id[: orders.LONGEST_REF], told.amount, told.at, told.reason or None, returned)
    return orders.refund(session, workspace_id, orders.get(session, workspace_id, order_id).order_ref, new, now=now)


def _cart(session: Session, context: Context, told: ToldCart, outcome: Outcome, now: datetime) -> None:
    workspace_id, connection = context.connection.workspace_id, context.connection
    if told.customer is not None:
        customer = shop_people.take(session, context, told.customer, outcome.note, now=now).customer
        customer_id = customer.id if customer else None
    else:
        customer_id = carts.whose(session, workspace_id, connection.id, told.ref)
    if customer_id is None:
        outcome.state = IGNORED
        outcome.note(N_("The shop does not know yet whose cart this is."))
        return
    new = NewCart(
        ref=told.ref[: carts.LONGEST_REF],
        customer_id=customer_id,
        amount=max(told.amount, Decimal(0)),
        currency=told.currency or workspaces.get(session, workspace_id).currency or "EUR",
        lines=[CartLine(line.product.ref, line.product.name, line.quantity, line.amount) for line in told.lines],
        changed_at=told.told_at,
        started_at=told.started_at,
        url=told.url or None,
        connection_id=connection.id,
    )
    if not carts.save(session, workspace_id, new):
        outcome.state = OUTDATED
    if told.is_ordered:
        carts.close(session, workspace_id, connection.id, [new.ref], at=told.told_at)


def _event(session: Session, context: Context, told: ToldEvent, outcome: Outcome, now: datetime) -> None:
    """Record an event once: by the number its program gives it, else by that of the webhook."""
    if is_reserved(told.name) or len(told.name) > LONGEST_NAME:
        raise PayloadRefused(N_("“%(name)s” cannot be the name of an event: it is too long, or used here."),
                             name=told.name[:LONGEST_NAME])  # fmt: skip
    if not activities.is_recordable(told.at, now=now):
        raise EventTimeRefused
    customer = shop_people.take(session, context, told.customer, outcome.note, now=now).customer
    if customer is None:
        raise PayloadRefused(N_("It names no email, so nobody can be found or added."))
    number = told.external_id or f"webhook:{context.delivery_ref}"
    known = shop_records.claim(session, context.connection, shop_records.EVENT, number, told_at=told.at)
    if known is None or known.row_id is not None:
        outcome.state = OUTDATED
        outcome.note(N_("The event is on record already."))
        return
    shop_records.settle(session, context.connection, shop_records.EVENT, number, customer.id)
    place = (customer.workspace_id, customer.id, told.at, told.name, Source.API)
    row = ActivityRow(*place, facts={"data": dict(told.data)})
    reporting.record(session, customer.workspace_id, [row], now=now)


def _product(session: Session, context: Context, told: ToldProduct, outcome: Outcome, now: datetime) -> None:
    connection = context.connection
    known = shop_records.claim(session, connection, shop_records.PRODUCT, told.external_id, told_at=told.told_at)
    if known is None:
        outcome.state = OUTDATED
        return
    currency = workspaces.get(session, connection.workspace_id).currency
    first = 0
    for change in told.variants:
        product, _is_new = products.save(
            *(session, connection.workspace_id, _priced(change, currency, outcome)), now=now, adds_attributes=True
        )
        first = first or product.id
    refs = [change.ref for change in told.variants]
    # A variant the shop no longer lists is not sold any more.
    products.end_selling(session, connection.workspace_id, [ref for ref in known.parts if ref not in refs], now=now)
    if first:
        shop_records.settle(session, connection, shop_records.PRODUCT, told.external_id, first, refs)


def _priced(change: ProductChange, currency: str | None, outcome: Outcome) -> ProductChange:
    """Shops leave the currency of their prices out; it is the one sums are made in."""
    if change.price is None or change.currency:
        return change
    values = {**vars(change), "currency": currency}
    if currency is None:
        outcome.note(N_("Its price is left out until a first order says in which currency the shop sells."))
        values["price"] = None
    return ProductChange(**values)


def _gone(session: Session, context: Context, told: ToldGone, outcome: Outcome, now: datetime) -> None:
    connection = context.connection
    known = shop_records.claim(session, connection, shop_records.PRODUCT, told.external_id, told_at=told.told_at)
    if known is None or not known.parts:
        outcome.state = OUTDATED if known is None else IGNORED
        return
    products.end_selling(session, connection.workspace_id, known.parts, now=now)
