"""Products as a kind of import."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.commerce import orders
from app.commerce.facts import ProductsImported
from app.commerce.forms import ProductsMappingForm
from app.commerce.imports.catalogue import undoing
from app.commerce.imports.catalogue.rows import ProductReader
from app.commerce.imports.catalogue.staging import ProductStage
from app.commerce.words import PRODUCT_LABELS
from app.customers.imports.kinds import ImportKind
from app.customers.imports.mapping import guessing
from app.customers.imports.mapping.mapping import MappingRefused, Options
from app.customers.imports.models import Import
from app.customers.imports.undoing.piece import Piece
from app.kernel.translatable import N_


class Products(ImportKind):
    """One product a row; what a row leaves open stays as it is known."""

    name = "products"
    label = N_("Products")
    description = N_("Products of the catalogue")
    needed = frozenset(("ref",))
    finds_people = False

    def targets(self, session: Session, workspace_id: int) -> list[tuple[str, str]]:  # noqa: ARG002
        return list(PRODUCT_LABELS.items())

    def check(self, chosen: set[str], options: Options) -> None:  # noqa: ARG002
        if not self.needed <= chosen:
            raise MappingRefused(N_("Choose the column that holds the product number or, without one, its name."))

    def form(self, session: Session, workspace_id: int, **given: Any) -> ProductsMappingForm:  # noqa: ARG002
        return ProductsMappingForm(**given)

    def first_options(
        self, session: Session, workspace_id: int, meant: dict[str, str], rows: Sequence[Sequence[str]]
    ) -> dict[str, Any]:
        usual = orders.usual_currency(session, workspace_id) or "EUR"
        place = next((int(at) for at, target in meant.items() if target == "price"), None)
        return {"currency": usual if place is None else guessing.currency(rows, place, usual=usual)}

    def reader(self, session: Session, found: Import, options: Options) -> ProductReader:  # noqa: ARG002
        return ProductReader(found.mapping, options, found.header)

    def stage(self, found: Import, options: Options) -> ProductStage:
        return ProductStage(found.workspace_id, found.id, set(found.mapping.values()), options)

    def undo(self, session: Session, found: Import, *, after: int, now: datetime) -> Piece:
        return undoing.undo(session, found, after=after, now=now)

    def imported(self, workspace_id: int, import_id: int) -> ProductsImported:
        return ProductsImported(workspace_id, import_id)
