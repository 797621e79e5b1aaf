"""Purchases as a kind of import."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.commerce import orders
from app.commerce.facts import PurchasesImported
from app.commerce.forms import PurchasesMappingForm
from app.commerce.imports import undoing
from app.commerce.imports.rows import PurchaseReader
from app.commerce.imports.staging import PurchaseStage
from app.commerce.words import LABELS
from app.customers.imports.kinds import ImportKind
from app.customers.imports.mapping import guessing
from app.customers.imports.mapping.mapping import MappingRefused, Options
from app.customers.imports.models import Import
from app.customers.imports.undoing.piece import Piece
from app.kernel.translatable import N_

# Two teas at one price are no total; so many orders in a row hardly hold equal amounts by chance.
LEAST_ORDERS = 5


class Purchases(ImportKind):
    """Orders, in one row or several each, of a customer named by address or number."""

    name = "purchases"
    label = N_("Purchases")
    description = N_("Purchases")
    needed = frozenset(("purchased_at", "amount"))

    def targets(self, session: Session, workspace_id: int) -> list[tuple[str, str]]:  # noqa: ARG002
        return list(LABELS.items())

    def check(self, chosen: set[str], options: Options) -> None:
        if not self.needed <= chosen:
            raise MappingRefused(N_("Purchases need a date and an amount."))
        if options.match_by not in ("email", "external_ref"):
            raise MappingRefused
        if options.unknown == "create" and options.match_by != "email":
            raise MappingRefused(N_("Unknown people can only be added by their address."))

    def form(self, session: Session, workspace_id: int, **given: Any) -> PurchasesMappingForm:  # noqa: ARG002
        return PurchasesMappingForm(**given)

    def first_options(
        self, session: Session, workspace_id: int, meant: dict[str, str], rows: Sequence[Sequence[str]]
    ) -> dict[str, Any]:
        usual = orders.usual_currency(session, workspace_id) or "EUR"
        place = {target: int(position) for position, target in meant.items()}
        if "amount" not in place:
            return {"currency": usual}
        told = {"currency": guessing.currency(rows, place["amount"], usual=usual)}
        if "order_ref" in place and _repeats_total(rows, place["order_ref"], place["amount"]):
            told["order_rows"] = "total"
        return told

    def reader(self, session: Session, found: Import, options: Options) -> PurchaseReader:  # noqa: ARG002
        return PurchaseReader(found.mapping, options, found.sha256, found.header)

    def stage(self, found: Import, options: Options) -> PurchaseStage:
        return PurchaseStage(found, options)

    def undo(self, session: Session, found: Import, *, after: int, now: datetime) -> Piece:
        return undoing.undo(session, found, after=after, now=now)

    def imported(self, workspace_id: int, import_id: int) -> PurchasesImported:
        return PurchasesImported(workspace_id, import_id)


def _repeats_total(rows: Sequence[Sequence[str]], order_at: int, amount_at: int) -> bool:
    """Guess whether the rows of an order repeat its total: in all orders of several rows they say the same amount."""
    amounts: dict[str, list[str]] = {}
    for row in rows:
        if max(order_at, amount_at) < len(row) and row[order_at].strip() and row[amount_at].strip():
            amounts.setdefault(row[order_at].strip(), []).append(row[amount_at].strip())
    several = [told for told in amounts.values() if len(told) > 1]
    return len(several) >= LEAST_ORDERS and all(len(set(told)) == 1 for told in several)
