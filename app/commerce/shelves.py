"""Shelves of products to show: those bought most lately, and those somebody chose."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.commerce import products
from app.commerce.models import OrderLine, Product

# So far back purchases make a product popular.
POPULAR_WITHIN = timedelta(days=90)


def popular(session: Session, workspace_id: int, *, category: str = "", limit: int) -> list[Product]:
    """Return the products that most people bought lately, of those still sold and in stock, the most bought first.

    Where nothing was bought lately, the newest products. The time is the database's.
    """
    bought = (
        select(OrderLine.product_id, func.count(OrderLine.customer_id.distinct()).label("buyers"))
        .where(OrderLine.workspace_id == workspace_id, OrderLine.purchased_at > func.now() - POPULAR_WITHIN)
        .group_by(OrderLine.product_id)
        .subquery()
    )
    query = (
        select(Product)
        .outerjoin(bought, bought.c.product_id == Product.id)
        .where(Product.workspace_id == workspace_id, Product.is_sold, or_(Product.stock.is_(None), Product.stock > 0))
        .order_by(func.coalesce(bought.c.buyers, 0).desc(), Product.id.desc())
    )
    if category:
        query = query.where(products.in_category(category))
    return list(session.scalars(query.limit(limit)))


def chosen(session: Session, workspace_id: int, product_ids: Collection[int]) -> dict[int, Product]:
    """Return these products by id; those that are gone are left out."""
    query = select(Product).where(Product.workspace_id == workspace_id, Product.id.in_(product_ids))
    return {product.id: product for product in session.scalars(query)} if product_ids else {}
