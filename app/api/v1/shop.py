"""Products, orders and refunds for programs: the same actions that files and pages use."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy.orm import Session

from app.api import problems
from app.api.v1 import customers
from app.api.v1.schemas import FieldProblem
from app.api.v1.shop_schemas import (
    LineIn,
    OrderIn,
    OrderOut,
    OrderResult,
    OrdersOut,
    ProductIn,
    ProductOut,
    RefundIn,
    RefundOut,
)
from app.commerce import orders, products
from app.commerce.orders import NewLine, NewOrder, NewRefund
from app.commerce.products import NamedProduct, ProductChange
from app.kernel.refusals import NotFound, Refusal
from app.kernel.translatable import english


def record_order(session: Session, workspace_id: int, given: OrderIn, *, now: datetime) -> OrderOut:
    """Note an order and return what is on record for its number."""
    customer = customers.require(session, workspace_id, given.customer)
    new = NewOrder(
        customer_id=customer.id,
        order_ref=given.order_ref,
        purchased_at=given.purchased_at,
        amount=given.amount,
        currency=given.currency,
        items=given.items,
        product=given.product,
        lines=[_line(line) for line in given.lines],
        discount=given.discount,
        channel=given.channel,
        shop=given.shop,
        payment_method=given.payment_method,
    )
    order_id = orders.record(session, workspace_id, new, now=now)
    recorded = orders.get(session, workspace_id, order_id)
    return OrderOut(id=order_id, customer_id=recorded.customer_id, order_ref=given.order_ref)


def record_orders(session: Session, workspace_id: int, given: list[OrderIn], *, now: datetime) -> OrdersOut:
    """Note each order by itself; one that is refused keeps no other from being recorded."""
    results = []
    for each in given:
        try:
            with session.begin_nested():
                made = record_order(session, workspace_id, each, now=now)
        except Refusal as refusal:
            problem = problems.of_refusal(refusal)
            errors = problem["errors"] or [{"pointer": "", "detail": problem["detail"]}]
            refused = [FieldProblem(**error) for error in errors]
            results.append(OrderResult(order_ref=each.order_ref, order=None, errors=refused))
        else:
            results.append(OrderResult(order_ref=each.order_ref, order=made, errors=[]))
    recorded = sum(result.order is not None for result in results)
    return OrdersOut(recorded=recorded, results=results)


def record_refund(session: Session, workspace_id: int, given: RefundIn, *, now: datetime) -> RefundOut:
    """Note a refund; raise NotFound for an order nobody told of."""
    returned: Counter[int] = Counter()
    for each in given.returned:
        returned[each.line] += each.quantity
    new = NewRefund(given.refund_ref, given.amount, given.refunded_at, given.reason, returned)
    try:
        is_new = orders.refund(session, workspace_id, given.order_ref, new, now=now)
    except NotFound:
        raise NotFound(english("There is no such order.")) from None
    return RefundOut(order_ref=given.order_ref, refund_ref=given.refund_ref, is_new=is_new)


def save_product(session: Session, workspace_id: int, given: ProductIn, *, now: datetime) -> tuple[ProductOut, bool]:
    """Add or change a product; return it and whether it is new."""
    product, is_new = products.save(session, workspace_id, ProductChange(**given.model_dump()), now=now)
    shown = {name: getattr(product, name) for name in ProductOut.model_fields}
    return ProductOut(**shown), is_new


def _line(given: LineIn) -> NewLine:
    ref, name = given.product_ref or given.name or "", given.name or given.product_ref or ""
    named = NamedProduct(ref, name, given.category or "")
    return NewLine(named, given.quantity, given.amount, given.discount, given.cost)
