"""Products, orders and refunds for programs: the same actions that files and pages use."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy.orm import Session

from app.api import problems
from app.api.v1 import customers
from app.api.v1.schemas import FieldProblem
from app.api.v1.shop_schemas import (
    CartIn,
    CartOut,
    CompetitorPurchaseIn,
    CostIn,
    LineIn,
    NotedOut,
    OrderIn,
    OrderOut,
    OrderResult,
    OrdersOut,
    OwnedItemIn,
    OwnedItemOut,
    ProductIn,
    ProductOut,
    RefundIn,
    RefundOut,
)
from app.commerce import carts, orders, products
from app.commerce.carts import CartLine, NewCart
from app.commerce.costs import competitors, costs
from app.commerce.costs.competitors import NewPurchase
from app.commerce.costs.costs import NewCost
from app.commerce.orders import NewLine, NewOrder, NewRefund
from app.commerce.owned_items import items
from app.commerce.owned_items.items import ItemAccount
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


def save_cart(session: Session, workspace_id: int, given: CartIn) -> CartOut:
    """Keep a cart as it stands."""
    customer = customers.require(session, workspace_id, given.customer)
    lines = [CartLine(line.product_ref or line.name, line.name, line.quantity, line.amount) for line in given.lines]
    new = NewCart(
        ref=given.cart_ref,
        customer_id=customer.id,
        amount=given.amount,
        currency=given.currency,
        lines=lines,
        changed_at=given.changed_at,
        url=given.url,
    )
    is_kept = carts.save(session, workspace_id, new)
    if given.is_ordered:
        carts.close(session, workspace_id, carts.API, [given.cart_ref], at=given.changed_at)
    return CartOut(cart_ref=given.cart_ref, is_kept=is_kept)


def save_item(session: Session, workspace_id: int, given: OwnedItemIn, *, now: datetime) -> tuple[OwnedItemOut, bool]:
    """Add or change something a customer has; return it and whether it is new."""
    customer = customers.require(session, workspace_id, given.customer)
    said = given.model_dump(exclude={"customer", "ref"})
    account = ItemAccount(**{**said, "name": given.name or "", "product_ref": given.product_ref or ""})
    item, is_new = items.save(session, workspace_id, customer.id, given.ref, account, now=now)
    shown = {name: getattr(item, name) for name in OwnedItemOut.model_fields}
    return OwnedItemOut(**shown), is_new


def record_cost(session: Session, workspace_id: int, given: CostIn, *, key_id: int, now: datetime) -> NotedOut:
    """Note something spent on a customer."""
    customer = customers.require(session, workspace_id, given.customer)
    new = NewCost(**given.model_dump(exclude={"customer"}))
    made, is_new = costs.add(session, workspace_id, customer.id, new, source=f"api:{key_id}", now=now)
    return NotedOut(id=made, ref=given.ref, is_new=is_new)


def record_competitor_purchase(
    session: Session, workspace_id: int, given: CompetitorPurchaseIn, *, now: datetime
) -> NotedOut:
    """Note something a customer bought elsewhere."""
    customer = customers.require(session, workspace_id, given.customer)
    new = NewPurchase(**given.model_dump(exclude={"customer"}))
    made, is_new = competitors.add(session, workspace_id, customer.id, new, now=now)
    return NotedOut(id=made, ref=given.ref, is_new=is_new)


def _line(given: LineIn) -> NewLine:
    ref, name = given.product_ref or given.name or "", given.name or given.product_ref or ""
    named = NamedProduct(ref, name, given.category or "")
    return NewLine(named, given.quantity, given.amount, given.discount, given.cost)
