"""Undoes what a file of products did: what it added goes unless it is sold or owned, what it changed returns.

A product is still as the import left it while it was not changed after it (`at`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.commerce.imports.undoing import PRODUCT
from app.commerce.owned_items import following
from app.customers.imports.models import Import
from app.customers.imports.undoing import changes
from app.customers.imports.undoing.piece import ROWS, Piece

KEEP = changes.keep_at_sql(
    PRODUCT,
    """SELECT p.id AS row_id, jsonb_build_object('product', to_jsonb(p)) AS before
        FROM product_stage s JOIN products p ON p.workspace_id = :w AND p.id = s.product_id
        WHERE s.outcome = 'updated' AND (p.import_id IS DISTINCT FROM :import_id OR p.updated_at <> p.created_at)""",
)
_KEPT = changes.kept_sql(PRODUCT)
_RESTORED = (
    *("name", "category", "price", "currency", "url", "image_url", "stock", "life_days", "attributes", "is_sold"),
    *("is_durable", "updated_at"),
)
_NEXT = f"SELECT x.row_id FROM {_KEPT} x WHERE x.row_id > :after ORDER BY x.row_id LIMIT :limit"
_RESTORE = f"""
    UPDATE products p SET {", ".join(f"{name} = o.{name}" for name in _RESTORED)}
    FROM {_KEPT} x CROSS JOIN LATERAL jsonb_populate_record(CAST(NULL AS products), x.before -> 'product') o
    WHERE x.row_id = ANY(CAST(:ids AS bigint[])) AND p.workspace_id = :w AND p.id = x.row_id
      AND p.updated_at = CAST(x.before ->> 'at' AS timestamptz)
"""
_LASTS_OTHERWISE = f"""
    SELECT p.id FROM {_KEPT} x JOIN products p ON p.workspace_id = :w AND p.id = x.row_id
    CROSS JOIN LATERAL jsonb_populate_record(CAST(NULL AS products), x.before -> 'product') o
    WHERE (p.life_days, p.is_durable) IS DISTINCT FROM (o.life_days, o.is_durable) ORDER BY p.id
"""
_REMOVE = """
    DELETE FROM products p WHERE p.workspace_id = :w AND p.import_id = :import_id AND p.updated_at = p.created_at
      AND NOT EXISTS (SELECT FROM order_lines l WHERE l.workspace_id = :w AND l.product_id = p.id)
      AND NOT EXISTS (SELECT FROM owned_items i WHERE i.workspace_id = :w AND i.product_id = p.id)
"""
_LEFT = "SELECT count(*) FROM products p WHERE p.workspace_id = :w AND p.import_id = :import_id"


def undo(session: Session, found: Import, *, after: int, now: datetime) -> Piece:
    """Give the next products back what the import changed; after the last one those it added go."""
    binds: dict[str, Any] = {"w": found.workspace_id, "import_id": found.id}
    ids = list(session.scalars(text(_NEXT), {**binds, "after": after, "limit": ROWS}))
    if not ids:
        removed = session.execute(text(_REMOVE), binds).rowcount  # type: ignore[attr-defined]
        return Piece(None, {"products_removed": removed, "kept_changed": session.scalar(text(_LEFT), binds) or 0})
    lasted = set(session.scalars(text(_LASTS_OTHERWISE), binds)) & set(ids)
    restored = session.execute(text(_RESTORE), {**binds, "ids": ids}).rowcount  # type: ignore[attr-defined]
    for product_id in sorted(lasted):
        following.follow_product(session, found.workspace_id, product_id, now=now)
    return Piece(ids[-1], {"restored": restored, "kept_changed": len(ids) - restored})


def follow(session: Session, workspace_id: int, import_id: int, *, now: datetime) -> None:
    """Have owned items follow the products that last otherwise since a file of products came in."""
    for product_id in session.scalars(text(_LASTS_OTHERWISE), {"w": workspace_id, "import_id": import_id}).all():
        following.follow_product(session, workspace_id, product_id, now=now)
