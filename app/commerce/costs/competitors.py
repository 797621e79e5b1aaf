"""What customers are known to have bought elsewhere: what, where, when, and who says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import FromClause, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts import audit, undo, workspaces
from app.commerce.models import CompetitorPurchase
from app.customers.imports.undoing.traces import Trace
from app.customers.profiles import codes, people
from app.kernel import page_links
from app.kernel.page_links import PageLink
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows, row_values
from app.kernel.translatable import N_

LONGEST = 200
LARGEST = Decimal(10) ** 9
EARLIEST, LATEST = date(1970, 1, 1), date(2200, 1, 1)
# Who says so: the customer when asked, a survey, one of the staff who saw it, bought data, or anything else.
SOURCES = ("asked", "survey", "observed", "bought", "other")


# Who is known to have bought elsewhere, for the undo of imports.
TRACE = Trace(CompetitorPurchase.customer_id)


class PurchaseRefused(Refusal):
    """Nothing says what was bought, or a value cannot be."""

    status = 422
    message = N_("This purchase cannot be kept.")


@dataclass(frozen=True)
class NewPurchase:
    """Something bought from a competitor; `told_by` is one of SOURCES."""

    what: str
    competitor: str = ""
    bought_on: date | None = None
    amount: Decimal | None = None
    currency: str | None = None
    told_by: str = "asked"
    ref: str | None = None


def add(
    session: Session,
    workspace_id: int,
    customer_id: int,
    new: NewPurchase,
    *,
    now: datetime,
    staff_id: int | None = None,
) -> tuple[int, bool]:
    """Note a purchase; return its id and whether it is new: one number told twice is one. Raise PurchaseRefused."""
    _check(new)
    people.get(session, workspace_id, customer_id)
    currency = new.currency or workspaces.get(session, workspace_id).currency or "EUR"
    values = {**vars(new), "currency": currency, "staff_id": staff_id, "created_at": now}
    row = insert(CompetitorPurchase).values(workspace_id=workspace_id, customer_id=customer_id, **values)
    made: int | None = session.scalar(row.on_conflict_do_nothing().returning(CompetitorPurchase.id))
    if made is None:
        query = select(CompetitorPurchase.id).where(
            CompetitorPurchase.workspace_id == workspace_id, CompetitorPurchase.ref == new.ref
        )
        return session.execute(query).scalar_one(), False
    if staff_id is not None:
        audit.note(session, get(session, workspace_id, made), "competitor.added", staff_id=staff_id, now=now)
    return made, True


def remove(session: Session, workspace_id: int, purchase_id: int, *, staff_id: int, now: datetime) -> PageLink:
    """Delete a purchase; return the address that takes this back. Raise NotFound."""
    bought = keyed_rows.hold(session, CompetitorPurchase, workspace_id, purchase_id)
    kept = row_values.plain(bought)
    audit.note(session, bought, "competitor.removed", staff_id=staff_id, now=now)
    session.delete(bought)
    session.flush()
    return undo.keep(session, workspace_id, kind="commerce.competitor_removed", values=kept, staff_id=staff_id, now=now)


def restore(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime
) -> undo.Restored:
    """Bring a deleted purchase back as it was; raise NotFound where the customer is gone since."""
    people.get(session, workspace_id, values["customer_id"])
    given = row_values.parsed(CompetitorPurchase, values)
    session.execute(insert(CompetitorPurchase).values(**given).on_conflict_do_nothing())
    audit.note(session, get(session, workspace_id, values["id"]), "competitor.restored", staff_id=staff_id, now=now)
    page = page_links.to("customers.show_customer", customer_id=values["customer_id"])
    return undo.Restored(page, N_("The purchase is back."))


UNDO_REMOVAL = undo.Opposite("commerce.competitor_removed", restore, role="marketer")


def get(session: Session, workspace_id: int, purchase_id: int) -> CompetitorPurchase:
    """Return the purchase; raise NotFound."""
    return keyed_rows.get(session, CompetitorPurchase, workspace_id, purchase_id)


def newest(session: Session, workspace_id: int, customer_id: int, *, limit: int = 10) -> list[CompetitorPurchase]:
    """Return what a customer bought elsewhere lately."""
    bought = CompetitorPurchase
    query = select(bought).where(bought.workspace_id == workspace_id, bought.customer_id == customer_id)
    return list(session.scalars(query.order_by(bought.bought_on.desc().nulls_last(), bought.id.desc()).limit(limit)))


def purchase_rows() -> FromClause:
    """Return the rows for conditions; who reads them names the workspace."""
    return CompetitorPurchase.__table__


def _check(new: NewPurchase) -> None:
    if not 0 < len(new.what) <= LONGEST or "\0" in new.what:
        raise PurchaseRefused(N_("Say in at most 200 characters what they bought."), field="what")
    if len(new.competitor) > LONGEST or "\0" in new.competitor:
        raise PurchaseRefused(N_("Write at most 200 characters."), field="competitor")
    if new.bought_on is not None and not EARLIEST <= new.bought_on <= LATEST:
        raise PurchaseRefused(N_("Give a day between 1970 and 2200."), field="bought_on")
    if new.amount is not None and not (new.amount.is_finite() and 0 <= new.amount < LARGEST):
        raise PurchaseRefused(N_("Give the amount as a number."), field="amount")
    if new.currency is not None and new.currency not in codes.currencies():
        raise PurchaseRefused(N_("This is not a currency; write its three letters, such as EUR."), field="currency")
    if new.told_by not in SOURCES:
        raise PurchaseRefused(N_("Choose who says so."), field="told_by")
