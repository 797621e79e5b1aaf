"""Products as a kind of import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.commerce import orders
from app.commerce.facts import ProductsImported
from app.commerce.forms import ProductsMappingForm
from app.commerce.imports.catalogue import columns, undoing
from app.commerce.products import MOST_ATTRIBUTES
from app.customers.imports.declared import restoring
from app.customers.imports.declared.declaration import Declaration, Known
from app.customers.imports.declared.kind import DeclaredKind
from app.customers.imports.declared.rows import Told
from app.customers.imports.mapping import guessing
from app.customers.imports.mapping.mapping import Options
from app.customers.imports.models import Import
from app.customers.imports.undoing.piece import Piece
from app.kernel.translatable import N_

_STAGE = "product_stage"
_FOUND_BY = "t.ref = s.ref"
# What each will be. What the row leaves open stays.
_NEWS = {column.name: f"coalesce(s.{column.name}, t.{column.name})" for column in columns.COLUMNS[1:]} | {
    "attributes": "t.attributes || coalesce(s.attributes, jsonb_build_object())",
    "currency": "CASE WHEN s.price IS NULL THEN coalesce(s.currency, t.currency)"
    " ELSE coalesce(s.currency, t.currency, :currency) END",
}
# What is known stays.
_FILL = {
    "category": "coalesce(nullif(t.category, ''), {new})",
    "attributes": "({new}) || t.attributes",
    "name": "CASE WHEN t.name = t.ref THEN {new} ELSE t.name END",
}


def _news(told: set[str], options: Options) -> Mapping[str, str]:
    names = [name for name in _NEWS if name in told or (name == "currency" and "price" in told)]
    if options.conflict != "fill":
        return {name: _NEWS[name] for name in names}
    return {name: _FILL.get(name, "coalesce(t.{name}, {new})").format(name=name, new=_NEWS[name]) for name in names}


_DECLARED = Declaration(
    stage=_STAGE,
    columns=columns.COLUMNS,
    # Whoever else changes one of these waits, in the order of their numbers.
    hold=(
        f"""SELECT p.id FROM products p WHERE p.workspace_id = :w AND p.ref IN (SELECT ref FROM {_STAGE})
            ORDER BY p.id FOR NO KEY UPDATE""",
    ),
    settle=(
        f"""UPDATE {_STAGE} s SET outcome = 'attributes', detail = s.ref FROM products t
            WHERE t.workspace_id = :w AND t.ref = s.ref AND s.attributes IS NOT NULL
              AND (SELECT count(*) FROM jsonb_object_keys(t.attributes || s.attributes)) > {MOST_ATTRIBUTES}""",
    ),
    known=Known("products", _FOUND_BY, _news),
    keep=undoing.PRODUCTS.keep(_STAGE, _FOUND_BY),
    stamp=restoring.STAMP,
    write=(
        f"""INSERT INTO products (workspace_id, ref, name, category, price, currency, url, image_url, stock, life_days,
                                  is_sold, is_durable, attributes, created_at, updated_at, import_id)
            SELECT :w, s.ref, coalesce(s.name, s.ref), coalesce(s.category, ''), s.price,
                   CASE WHEN s.price IS NULL THEN s.currency ELSE coalesce(s.currency, :currency) END, s.url,
                   s.image_url, s.stock, s.life_days, coalesce(s.is_sold, true), coalesce(s.is_durable, false),
                   coalesce(s.attributes, '{{}}'), CAST(:now AS timestamptz), CAST(:now AS timestamptz), :import_id
            FROM {_STAGE} s WHERE s.outcome = 'created' ORDER BY s.row""",
    ),
    binds=lambda options: {"currency": options.currency},
)


class Products(DeclaredKind):
    """One product a row; what a row leaves open stays as it is known."""

    name = "products"
    label = N_("Products")
    description = N_("Products of the catalogue")
    needed = frozenset(("ref",))
    declared = _DECLARED
    known_by = ("ref",)
    hint = N_("Choose the column that holds the product number or, without one, its name.")

    def form(self, session: Session, workspace_id: int, **given: Any) -> ProductsMappingForm:  # noqa: ARG002
        return ProductsMappingForm(**given)

    def first_options(
        self, session: Session, workspace_id: int, meant: dict[str, str], rows: Sequence[Sequence[str]]
    ) -> dict[str, Any]:
        usual = orders.usual_currency(session, workspace_id) or "EUR"
        place = next((int(at) for at, target in meant.items() if target == "price"), None)
        return {"currency": usual if place is None else guessing.currency(rows, place, usual=usual)}

    def identify(self, told: Told) -> tuple[str, str]:
        return columns.check(told)

    def undo(self, session: Session, found: Import, *, after: int, now: datetime) -> Piece:
        return undoing.undo(session, found, after=after, now=now)

    def imported(self, workspace_id: int, import_id: int) -> ProductsImported:
        return ProductsImported(workspace_id, import_id)
