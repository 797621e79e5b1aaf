"""What a product brings: how often it was ordered, by whom lately, and what is bought with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session, aliased

from app.accounts import workspaces
from app.commerce.models import OrderLine, Product
from app.customers.profiles import naming, people


@dataclass(frozen=True)
class Totals:
    """What a product has sold, without what came back; `revenue` and `margin` in the workspace's usual currency.

    `margin` is None where no line says what its pieces cost.
    """

    orders: int
    buyers: int
    repeat_buyers: int
    pieces: int
    returned: int
    revenue: Decimal
    margin: Decimal | None
    first_at: datetime | None
    latest_at: datetime | None


@dataclass(frozen=True)
class Buyer:
    """One of the latest orders of a product, with who ordered."""

    customer_id: int
    name: str
    email: str | None
    at: datetime
    pieces: int


@dataclass(frozen=True)
class Together:
    """Another product that stood in the same orders, in how many of them, and as a share of all."""

    product_id: int
    name: str
    orders: int
    share: float


def totals(session: Session, workspace_id: int, product_id: int) -> Totals:
    """Return what a product has sold."""
    line = OrderLine
    kept = line.quantity - line.returned
    paid = line.amount * kept / line.quantity
    is_usual = line.currency == workspaces.get(session, workspace_id).currency
    row = session.execute(
        select(
            func.count(distinct(line.order_id)).label("orders"),
            func.count(distinct(line.customer_id)).label("buyers"),
            func.coalesce(func.sum(kept), 0).label("pieces"),
            func.coalesce(func.sum(line.returned), 0).label("returned"),
            func.coalesce(func.sum(paid).filter(is_usual), 0).label("revenue"),
            func.sum(paid - line.cost * kept / line.quantity).filter(is_usual, line.cost.is_not(None)).label("margin"),
            func.min(line.purchased_at).label("first_at"),
            func.max(line.purchased_at).label("latest_at"),
        ).where(line.workspace_id == workspace_id, line.product_id == product_id)
    ).one()
    often = (
        select(line.customer_id)
        .where(line.workspace_id == workspace_id, line.product_id == product_id)
        .group_by(line.customer_id)
        .having(func.count(distinct(line.order_id)) > 1)
        .subquery()
    )
    repeat_buyers = session.scalar(select(func.count()).select_from(often)) or 0
    return Totals(
        row.orders,
        row.buyers,
        repeat_buyers,
        int(row.pieces),
        int(row.returned),
        row.revenue,
        row.margin,
        row.first_at,
        row.latest_at,
    )


def latest(session: Session, workspace_id: int, product_id: int, *, limit: int = 10) -> list[Buyer]:
    """Return who ordered a product lately, the newest first."""
    line = OrderLine
    newest = (
        select(line.customer_id, line.purchased_at, line.quantity, line.order_id)
        .where(line.workspace_id == workspace_id, line.product_id == product_id)
        .order_by(line.purchased_at.desc(), line.order_id.desc())
        .limit(limit)
        .subquery()
    )
    named = people.named_query(workspace_id).subquery()
    query = (
        select(newest.c.customer_id, newest.c.purchased_at, newest.c.quantity, named.c.first_name, named.c.last_name,
               named.c.email)
        .outerjoin(named, named.c.customer_id == newest.c.customer_id)
        .order_by(newest.c.purchased_at.desc(), newest.c.order_id.desc())
    )  # fmt: skip
    return [
        Buyer(row.customer_id, naming.full_name(row.first_name, row.last_name), row.email, row.purchased_at,
              row.quantity)
        for row in session.execute(query)
    ]  # fmt: skip


def bought_together(session: Session, workspace_id: int, product_id: int, *, limit: int = 5) -> list[Together]:
    """Return what stands most often in the same orders as a product."""
    line, other = aliased(OrderLine), aliased(OrderLine)
    mine = select(line.order_id).where(line.workspace_id == workspace_id, line.product_id == product_id)
    ours = mine.distinct().order_by(line.order_id.desc()).limit(10_000).subquery()
    all_orders = session.scalar(select(func.count()).select_from(ours)) or 0
    count = func.count(distinct(other.order_id))
    query = (
        select(other.product_id, Product.name, count)
        .join(Product, (Product.workspace_id == other.workspace_id) & (Product.id == other.product_id))
        .where(
            other.workspace_id == workspace_id,
            other.order_id.in_(select(ours.c[0])),
            other.product_id != product_id,
        )
        .group_by(other.product_id, Product.name)
        .order_by(count.desc(), other.product_id)
        .limit(limit)
    )
    return [Together(row[0], row[1], row[2], row[2] / all_orders) for row in session.execute(query)]
