"""Undoes what a file of products did: what it added goes unless it is sold or owned, what it changed returns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.commerce.imports.undoing import PRODUCT
from app.commerce.owned_items import following
from app.customers.imports.declared.restoring import RestoredTable
from app.customers.imports.models import Import
from app.customers.imports.undoing.piece import Piece

PRODUCTS = RestoredTable(
    kind=PRODUCT,
    table="products",
    columns=(
        *("name", "category", "price", "currency", "url", "image_url", "stock", "life_days", "attributes", "is_sold"),
        "is_durable",
    ),
    in_use="""EXISTS (SELECT FROM order_lines l WHERE l.workspace_id = :w AND l.product_id = t.id)
        OR EXISTS (SELECT FROM owned_items i WHERE i.workspace_id = :w AND i.product_id = t.id)""",
)
_LASTS_OTHERWISE = f"""
    SELECT p.id FROM {PRODUCTS.kept} x JOIN products p ON p.workspace_id = :w AND p.id = x.row_id
    WHERE (p.life_days, p.is_durable) IS DISTINCT FROM ((x.o).life_days, (x.o).is_durable)
"""


def undo(session: Session, found: Import, *, after: int, now: datetime) -> Piece:
    """Give the next products back what the import changed; after the last one those it added go."""
    ids = PRODUCTS.next_ids(session, found, after)
    if not ids:
        removed, left = PRODUCTS.remove(session, found)
        return Piece(None, {"products_removed": removed, "kept_changed": left})
    lasted = _lasting_otherwise(session, found.workspace_id, found.id, ids)
    restored = PRODUCTS.restore(session, found, ids)
    for product_id in lasted:
        following.follow_product(session, found.workspace_id, product_id, now=now)
    return Piece(ids[-1], {"restored": restored, "kept_changed": len(ids) - restored})


def follow(session: Session, workspace_id: int, import_id: int, *, now: datetime) -> None:
    """Have owned items follow the products that last otherwise since a file of products came in."""
    for product_id in _lasting_otherwise(session, workspace_id, import_id):
        following.follow_product(session, workspace_id, product_id, now=now)


def _lasting_otherwise(
    session: Session, workspace_id: int, import_id: int, ids: Sequence[int] | None = None
) -> list[int]:
    """Return which products last otherwise than before the import, of these or of all it changed."""
    binds = {"w": workspace_id, "import_id": import_id}
    if ids is None:
        return list(session.scalars(text(f"{_LASTS_OTHERWISE} ORDER BY p.id"), binds))
    of_these = text(f"{_LASTS_OTHERWISE} AND x.row_id = ANY(CAST(:ids AS bigint[])) ORDER BY p.id")
    return list(session.scalars(of_these, {**binds, "ids": list(ids)}))
