"""Undoes what a file of owned items did: items and products it added go, what it changed returns."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.commerce.imports import undoing as order_undoing
from app.customers.imports.declared import restoring
from app.customers.imports.declared.restoring import RestoredTable
from app.customers.imports.models import Import
from app.customers.imports.undoing.piece import Piece

STAMP = restoring.STAMP
ITEMS = RestoredTable(
    kind="owned_item",
    table="owned_items",
    columns=(
        *("product_id", "ref", "name", "quantity", "condition", "since_on", "warranty_until", "service_until"),
        *("finance_until", "life_days", "replace_on", "due_on", "serial_number", "source", "ended_on"),
    ),
    in_use="false",
)


def undo(session: Session, found: Import, *, after: int) -> Piece:
    """Give the next items back what the import changed; after the last one those it added go."""
    ids = ITEMS.next_ids(session, found, after)
    if ids:
        restored = ITEMS.restore(session, found, ids)
        return Piece(ids[-1], {"restored": restored, "kept_changed": len(ids) - restored})
    removed, left = ITEMS.remove(session, found)
    products = session.execute(
        text(order_undoing.REMOVE_PRODUCTS), {"w": found.workspace_id, "import_id": found.id}
    ).rowcount  # type: ignore[attr-defined]
    return Piece(None, {"items_removed": removed, "products_removed": products, "kept_changed": left})
