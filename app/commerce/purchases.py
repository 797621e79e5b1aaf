"""Records single purchases and reads them; files of them go through `imports`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import FromClause, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.commerce.facts import PurchaseRecorded
from app.commerce.models import Purchase
from app.customers.profiles import codes, engagement
from app.customers.profiles.engagement import PurchaseTotals
from app.kernel.queueing import outbox
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_


class PurchaseRefused(Refusal):
    """The purchase names no order, no currency, or an amount that cannot be."""

    status = 422
    message = N_("This purchase cannot be recorded.")


def record(
    session: Session,
    workspace_id: int,
    *,
    customer_id: int,
    order_ref: str,
    amount: Decimal,
    currency: str,
    items: int,
    product: str | None,
    purchased_at: datetime,
    now: datetime,  # noqa: ARG001  every action is told the time, and a purchase carries its own
) -> int:
    """Note one purchase and return its id. The same order told twice is one purchase; the first account stands."""
    _check(order_ref, amount, currency, items)
    statement = insert(Purchase).values(
        workspace_id=workspace_id,
        customer_id=customer_id,
        order_ref=order_ref,
        purchased_at=purchased_at,
        amount=amount,
        currency=currency,
        items=items,
        product=product,
    )
    unique = statement.on_conflict_do_nothing(index_elements=["workspace_id", "order_ref"])
    purchase_id: int | None = session.scalar(unique.returning(Purchase.id))
    if purchase_id is None:
        return _known(session, workspace_id, order_ref)
    spent = amount if currency == workspaces.settle_currency(session, workspace_id, currency) else Decimal(0)
    added = PurchaseTotals(1, spent, items, purchased_at, purchased_at)
    engagement.add_purchases(session, workspace_id, customer_id, added)
    at = purchased_at.isoformat()
    outbox.publish(session, PurchaseRecorded(workspace_id, customer_id, purchase_id, at))
    return purchase_id


def newest(session: Session, workspace_id: int, customer_id: int, *, limit: int = 20) -> list[Purchase]:
    """Return the customer's latest purchases, newest first."""
    query = (
        select(Purchase)
        .where(Purchase.workspace_id == workspace_id, Purchase.customer_id == customer_id)
        .order_by(Purchase.purchased_at.desc(), Purchase.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def usual_currency(session: Session, workspace_id: int) -> str | None:
    """Return the currency of the workspace's first purchase, in which its sums are made and shown.

    Euro and yen have no sum: what was bought in another currency is counted and listed, not added to what was spent.
    """
    return workspaces.get(session, workspace_id).currency


def purchase_rows() -> FromClause:
    """Return the rows of purchases for rooms that sum them up; who reads them names the workspace."""
    return Purchase.__table__


def _check(order_ref: str, amount: Decimal, currency: str, items: int) -> None:
    if not 0 < len(order_ref) <= 200 or "\0" in order_ref:
        raise PurchaseRefused(N_("Give the order's number, at most 200 characters."), field="order_ref")
    if not amount.is_finite() or abs(amount) >= Decimal(10) ** 11:
        raise PurchaseRefused(N_("Give the amount as a number."), field="amount")
    if currency not in codes.currencies():
        raise PurchaseRefused(N_("This is not a currency; write its three letters, such as EUR."), field="currency")
    if not 0 <= items < 1_000_000:
        raise PurchaseRefused(N_("Give the number of items."), field="items")


def _known(session: Session, workspace_id: int, order_ref: str) -> int:
    query = select(Purchase.id).where(Purchase.workspace_id == workspace_id, Purchase.order_ref == order_ref)
    known: int = session.execute(query).scalar_one()
    return known
