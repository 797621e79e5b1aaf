"""What templates may fill in about a customer, with what they bought."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select

from app.commerce.models import Order
from app.customers.field_kinds.references import NamedFields
from app.customers.profiles import people

NEWEST_PURCHASES = 5


def query(
    workspace_id: int,
    customer_ids: Sequence[int] | None = None,
    *,
    with_purchases: bool = True,
    named: NamedFields | None = None,
) -> Select[*tuple[Any, ...]]:
    """Return the columns of `people.merge_data_query` and `purchases`.

    Those are the newest five as JSON (product, amount, currency, purchased_on); null for none, and where they are not
    asked for.
    """
    purchases = _newest if with_purchases else _nothing
    return people.merge_data_query(workspace_id, customer_ids, more={"purchases": purchases}, named=named)


def _newest(workspace_id: ColumnElement[int], customer_id: ColumnElement[int]) -> ColumnElement[Any]:
    newest = (
        select(
            *(Order.product, Order.amount, Order.currency),
            func.to_char(Order.purchased_at, "YYYY-MM-DD").label("purchased_on"),
        )
        .where(Order.workspace_id == workspace_id, Order.customer_id == customer_id, Order.cancelled_at.is_(None))
        .order_by(Order.purchased_at.desc(), Order.id.desc())
        .limit(NEWEST_PURCHASES)
        .correlate_except(Order)
        .subquery("newest")
    )
    return select(func.json_agg(literal_column("newest"))).select_from(newest).scalar_subquery()


def _nothing(_workspace_id: ColumnElement[int], _customer_id: ColumnElement[int]) -> ColumnElement[Any]:
    return literal_column("NULL::json")
