"""The tables of commerce about customers: how their rows move in a merge and go in an erasure."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.commerce.models import (
    Cart,
    CompetitorPurchase,
    CustomerCost,
    Delivery,
    Order,
    OrderLine,
    OwnedItem,
    Refund,
    ShopRecord,
)
from app.customers.merging.person_tables import Erasing, PersonTable, moving

_THEIR_ORDERS = """(SELECT o.id FROM orders o
    WHERE o.workspace_id = :w AND o.customer_id = ANY(CAST(:ids AS bigint[])))"""
# A body is read byte by byte, so that any can be; an email of other letters is written so as well.
_SPEAKS_OF_THEM = """EXISTS (SELECT FROM unnest(CAST(:mentions AS text[])) mention
    WHERE lower(convert_from(t.body, 'LATIN1')) ~ lower(convert_from(convert_to(mention, 'UTF8'), 'LATIN1')))"""


def _blank_deliveries(session: Session, erasing: Erasing) -> None:
    """Forget what a shop told of them; that it told something stays, so that it is not taken twice."""
    session.execute(
        text(
            f"""
            UPDATE webhook_deliveries t SET body = '', notes = '[]',
                state = CASE t.state WHEN 'waiting' THEN 'ignored' ELSE t.state END,
                finished_at = coalesce(t.finished_at, :now)
            WHERE t.workspace_id = :w AND {_SPEAKS_OF_THEM}
            """
        ),
        erasing.binds,
    )


TABLES = (
    PersonTable(
        ShopRecord,
        moving(ShopRecord, column="row_id", only="t.kind = 'customer'"),
        None,
        of_person="t.kind = 'customer' AND t.row_id = ANY(CAST(:ids AS bigint[]))"
        f" OR t.kind = 'order' AND t.row_id IN {_THEIR_ORDERS}",
    ),
    PersonTable(Delivery, None, _blank_deliveries, of_person=_SPEAKS_OF_THEM),
    PersonTable(Refund, None, None, of_person=f"t.order_id IN {_THEIR_ORDERS}"),
    PersonTable(OrderLine, moving(OrderLine), None),
    PersonTable(Order, moving(Order), None),
    PersonTable(Cart, moving(Cart), None),
    PersonTable(OwnedItem, moving(OwnedItem), None),
    PersonTable(CustomerCost, moving(CustomerCost), None),
    PersonTable(CompetitorPurchase, moving(CompetitorPurchase), None),
)
