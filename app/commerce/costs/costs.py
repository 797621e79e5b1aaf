"""What a customer cost us: minutes of service, gifts and other expenses, noted by staff and programs; and the rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import FromClause, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts import audit, undo, workspaces
from app.commerce.models import CostRates, CustomerCost
from app.customers.imports.undoing.traces import Trace
from app.customers.profiles import codes, people
from app.kernel import page_links
from app.kernel.page_links import PageLink
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows, row_values
from app.kernel.translatable import N_

KINDS = ("service", "gift", "other")
LONGEST_NOTE = 500
LARGEST = Decimal(10) ** 9
MOST_MINUTES = 100_000
EARLIEST, LATEST = date(1970, 1, 1), date(2200, 1, 1)


# Whom something was spent on, for the undo of imports.
TRACE = Trace(CustomerCost.customer_id)


class CostRefused(Refusal):
    """The cost is of no kind, or has a value that cannot be."""

    status = 422
    message = N_("This cost cannot be kept.")


@dataclass(frozen=True)
class NewCost:
    """One expense for one customer. Service has minutes, and an amount only if it was paid apart; others an amount."""

    kind: str
    spent_on: date
    minutes: int | None = None
    amount: Decimal | None = None
    currency: str | None = None
    note: str = ""
    ref: str | None = None


@dataclass(frozen=True)
class Rates:
    """What a minute of service and one mail cost, and what may be given to one customer in a year; None: not said."""

    service_minute: Decimal | None = None
    mail: Decimal | None = None
    gift_budget: Decimal | None = None


def add(
    session: Session,
    workspace_id: int,
    customer_id: int,
    new: NewCost,
    *,
    source: str,
    now: datetime,
    staff_id: int | None = None,
) -> tuple[int, bool]:
    """Note a cost; return its id and whether it is new: the same number told twice is one. Raise CostRefused."""
    _check(new)
    people.get(session, workspace_id, customer_id)
    currency = new.currency or workspaces.get(session, workspace_id).currency or "EUR"
    row = insert(CustomerCost).values(
        workspace_id=workspace_id,
        customer_id=customer_id,
        kind=new.kind,
        spent_on=new.spent_on,
        minutes=new.minutes,
        amount=new.amount,
        currency=currency,
        note=new.note,
        ref=new.ref,
        source=source,
        staff_id=staff_id,
        created_at=now,
    )
    made: int | None = session.scalar(row.on_conflict_do_nothing().returning(CustomerCost.id))
    if made is None:
        query = select(CustomerCost.id).where(CustomerCost.workspace_id == workspace_id, CustomerCost.ref == new.ref)
        return session.execute(query).scalar_one(), False
    if staff_id is not None:
        audit.note(session, get(session, workspace_id, made), "cost.added", staff_id=staff_id, now=now)
    return made, True


def remove(session: Session, workspace_id: int, cost_id: int, *, staff_id: int, now: datetime) -> PageLink:
    """Delete a cost; return the address that takes this back. Raise NotFound."""
    cost = keyed_rows.hold(session, CustomerCost, workspace_id, cost_id)
    kept = row_values.plain(cost)
    audit.note(session, cost, "cost.removed", staff_id=staff_id, now=now)
    session.delete(cost)
    session.flush()
    return undo.keep(session, workspace_id, kind="commerce.cost_removed", values=kept, staff_id=staff_id, now=now)


def restore(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime
) -> undo.Restored:
    """Bring a deleted cost back as it was; raise NotFound where the customer is gone since."""
    people.get(session, workspace_id, values["customer_id"])
    given = row_values.parsed(CustomerCost, values)
    session.execute(insert(CustomerCost).values(**given).on_conflict_do_nothing())
    audit.note(session, get(session, workspace_id, values["id"]), "cost.restored", staff_id=staff_id, now=now)
    page = page_links.to("customers.show_customer", customer_id=values["customer_id"])
    return undo.Restored(page, N_("The cost is back."))


UNDO_REMOVAL = undo.Opposite("commerce.cost_removed", restore, role="marketer")


def get(session: Session, workspace_id: int, cost_id: int) -> CustomerCost:
    """Return the cost; raise NotFound."""
    return keyed_rows.get(session, CustomerCost, workspace_id, cost_id)


def newest(session: Session, workspace_id: int, customer_id: int, *, limit: int = 10) -> list[CustomerCost]:
    """Return the latest costs of a customer."""
    query = select(CustomerCost).where(
        CustomerCost.workspace_id == workspace_id, CustomerCost.customer_id == customer_id
    )
    return list(session.scalars(query.order_by(CustomerCost.spent_on.desc(), CustomerCost.id.desc()).limit(limit)))


def rates(session: Session, workspace_id: int) -> Rates:
    """Return the rates of the workspace, as far as it has said any."""
    kept = session.get(CostRates, workspace_id)
    return Rates(kept.service_minute, kept.mail, kept.gift_budget) if kept else Rates()


def set_rates(session: Session, workspace_id: int, given: Rates, *, staff_id: int, now: datetime) -> None:
    """Say what a minute and a mail cost, and the budget for gifts; raise CostRefused."""
    for name, value in vars(given).items():
        if value is not None and not (value.is_finite() and 0 <= value < LARGEST):
            raise CostRefused(N_("Give the amount as a number."), field=name)
    row = insert(CostRates).values(workspace_id=workspace_id, **vars(given))
    session.execute(row.on_conflict_do_update(index_elements=["workspace_id"], set_=vars(given)))
    audit.record(
        *(session, workspace_id),
        staff_id=staff_id,
        action="cost.rates_changed",
        subject_kind="workspace",
        subject_id=workspace_id,
        now=now,
    )


def cost_rows() -> FromClause:
    """Return the rows of costs for conditions; who reads them names the workspace."""
    return CustomerCost.__table__


def _check(new: NewCost) -> None:
    if new.kind not in KINDS:
        raise CostRefused(N_("Choose what it was spent on."), field="kind")
    if not EARLIEST <= new.spent_on <= LATEST:
        raise CostRefused(N_("Give a day between 1970 and 2200."), field="spent_on")
    if new.minutes is not None and not 0 < new.minutes <= MOST_MINUTES:
        raise CostRefused(N_("Give the minutes as a number."), field="minutes")
    if new.kind == "service" and new.minutes is None and new.amount is None:
        raise CostRefused(N_("Give the minutes as a number."), field="minutes")
    if new.kind != "service" and new.amount is None:
        raise CostRefused(N_("Give the amount as a number."), field="amount")
    if new.amount is not None and not (new.amount.is_finite() and 0 <= new.amount < LARGEST):
        raise CostRefused(N_("Give the amount as a number."), field="amount")
    if new.currency is not None and new.currency not in codes.currencies():
        raise CostRefused(N_("This is not a currency; write its three letters, such as EUR."), field="currency")
    if len(new.note) > LONGEST_NOTE or "\0" in new.note:
        raise CostRefused(N_("This text is too long."), field="note")
