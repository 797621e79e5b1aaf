"""Undoes what an import did to orders and products: what it added goes, what it changed returns, unless changed since.

An order is still as the import left it while it names the import, nothing was refunded or sent back since, and nobody
has described what the customer owns of it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.commerce import order_sums
from app.commerce.owned_items import following
from app.customers.imports.models import Import
from app.customers.imports.undoing import changes
from app.customers.imports.undoing.piece import ROWS, Piece

ORDER, PRODUCT = "order", "product"
_ORDERS, _PRODUCTS = changes.kept_sql(ORDER), changes.kept_sql(PRODUCT)
# What an order was before the import, with its lines, for those that a statement names as `p`.
BEFORE = """jsonb_build_object('order', to_jsonb(p), 'lines', (
        SELECT coalesce(jsonb_agg(to_jsonb(l) ORDER BY l.number), '[]') FROM order_lines l
        WHERE l.workspace_id = :w AND l.order_id = p.id))"""
_RESTORED = ("purchased_at", "amount", "currency", "items", "product", "channel", "shop", "payment_method")

_NEXT = f"""
    SELECT p.id, p.customer_id, x.row_id IS NOT NULL AS was_there,
           p.refunded IS DISTINCT FROM coalesce(CAST(x.before -> 'order' ->> 'refunded' AS numeric), 0)
           OR EXISTS (SELECT FROM owned_items i WHERE i.workspace_id = :w AND i.order_id = p.id AND i.source <> 'order')
           OR EXISTS (SELECT FROM order_lines l WHERE l.workspace_id = :w AND l.order_id = p.id AND l.returned > 0
                        AND x.row_id IS NULL) AS is_changed
    FROM orders p LEFT JOIN {_ORDERS} x ON x.row_id = p.id
    WHERE p.workspace_id = :w AND p.import_id = :import_id AND p.id > :after ORDER BY p.id LIMIT :limit FOR UPDATE OF p
"""
_OF = "WHERE workspace_id = :w AND {} = ANY(CAST(:ids AS bigint[]))"
_RESTORE = f"""
    UPDATE orders p SET {", ".join(f"{name} = o.{name}" for name in _RESTORED)}, import_id = o.import_id,
        import_row = o.import_row
    FROM {_ORDERS} x CROSS JOIN LATERAL jsonb_populate_record(CAST(NULL AS orders), x.before -> 'order') o
    WHERE x.row_id = p.id AND p.workspace_id = :w AND p.id = ANY(CAST(:ids AS bigint[]))
"""
_RESTORE_LINES = f"""
    INSERT INTO order_lines SELECT l.*
    FROM {_ORDERS} x
    CROSS JOIN LATERAL jsonb_populate_recordset(CAST(NULL AS order_lines), x.before -> 'lines') l
    WHERE x.row_id = ANY(CAST(:ids AS bigint[]))
"""
# Changed by somebody or another file since: such an order names another import, or none.
_LEFT = f"""
    SELECT count(*) FROM {_ORDERS} x JOIN orders p ON p.workspace_id = :w AND p.id = x.row_id
    WHERE p.import_id IS DISTINCT FROM :import_id
      AND p.import_id IS DISTINCT FROM CAST(x.before -> 'order' ->> 'import_id' AS bigint)
"""
REMOVE_PRODUCTS = """
    DELETE FROM products p WHERE p.workspace_id = :w AND p.import_id = :import_id AND p.updated_at = p.created_at
      AND NOT EXISTS (SELECT FROM order_lines l WHERE l.workspace_id = :w AND l.product_id = p.id)
      AND NOT EXISTS (SELECT FROM owned_items i WHERE i.workspace_id = :w AND i.product_id = p.id)
"""
_RESTORE_PRODUCTS = f"""
    UPDATE products p SET category = '', updated_at = CAST(x.before ->> 'updated_at' AS timestamptz)
    FROM {_PRODUCTS} x
    WHERE x.row_id = p.id AND p.workspace_id = :w AND p.category = x.before ->> 'category'
"""


def undo(session: Session, found: Import, *, after: int, now: datetime) -> Piece:
    """Undo the next orders of the import; after the last one its products, where nothing else names them."""
    binds: dict[str, Any] = {"w": found.workspace_id, "import_id": found.id}
    rows = session.execute(text(_NEXT), {**binds, "after": after, "limit": ROWS}).all()
    if not rows:
        removed = session.execute(text(REMOVE_PRODUCTS), binds).rowcount  # type: ignore[attr-defined]
        session.execute(text(_RESTORE_PRODUCTS), binds)
        left = session.scalar(text(_LEFT), binds) or 0
        return Piece(None, {"products_removed": removed, "kept_changed": left})
    added = [row.id for row in rows if not row.was_there and not row.is_changed]
    changed = [row.id for row in rows if row.was_there and not row.is_changed]
    both = {"w": found.workspace_id, "ids": [*added, *changed]}
    session.execute(text(f"DELETE FROM order_lines {_OF.format('order_id')}"), both)
    session.execute(text(f"DELETE FROM orders {_OF.format('id')}"), {**both, "ids": added})
    session.execute(text(_RESTORE), {**binds, "ids": changed})
    session.execute(text(_RESTORE_LINES), {**binds, "ids": changed})
    following.follow_orders(session, found.workspace_id, [*added, *changed], now=now)
    order_sums.recompute(session, found.workspace_id, sorted({row.customer_id for row in rows}))
    kept = len(rows) - len(added) - len(changed)
    return Piece(rows[-1].id, {"orders_removed": len(added), "restored": len(changed), "kept_changed": kept})
