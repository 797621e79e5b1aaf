"""Input and output of one customer: what went into them beside what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.commerce.costs import costs
from app.commerce.models import CustomerCost, Order, OrderLine
from app.customers.profiles import engagement

NOTHING = Decimal(0)


@dataclass(frozen=True)
class Balance:
    """Sums in the workspace's usual currency; what has no rate is None. `goods` is what pieces cost us, where known."""

    currency: str
    minutes: int
    service: Decimal | None
    gifts: Decimal
    gift_budget_left: Decimal | None
    other: Decimal
    discounts: Decimal
    mails: int
    mail: Decimal | None
    revenue: Decimal
    goods: Decimal

    @property
    def spent(self) -> Decimal:
        """Return what went into this customer, as far as it is known. Discounts lowered the revenue already."""
        return (self.service or NOTHING) + self.gifts + self.other + (self.mail or NOTHING)

    @property
    def result(self) -> Decimal:
        """Return what is left of the revenue after the goods and what was spent."""
        return self.revenue - self.goods - self.spent


def of_customer(session: Session, workspace_id: int, customer_id: int, *, today: date) -> Balance:
    """Return the input and output of one customer."""
    currency = workspaces.get(session, workspace_id).currency or "EUR"
    rates, sums = costs.rates(session, workspace_id), engagement.get(session, workspace_id, customer_id)
    minutes, paid_service, gifts, gifts_this_year, other = _costs(session, workspace_id, customer_id, currency, today)
    service = paid_service if minutes == 0 else None
    if minutes and rates.service_minute is not None:
        service = paid_service + minutes * rates.service_minute
    return Balance(
        currency=currency,
        minutes=minutes,
        service=service,
        gifts=gifts,
        gift_budget_left=None if rates.gift_budget is None else rates.gift_budget - gifts_this_year,
        other=other,
        discounts=_discounts(session, workspace_id, customer_id, currency),
        mails=sums.sent_count,
        mail=None if rates.mail is None else sums.sent_count * rates.mail,
        revenue=sums.spent,
        goods=_goods(session, workspace_id, customer_id, currency),
    )


def _costs(
    session: Session, workspace_id: int, customer_id: int, currency: str, today: date
) -> tuple[int, Decimal, Decimal, Decimal, Decimal]:
    cost, usual = CustomerCost, CustomerCost.currency == currency
    this_year = cost.spent_on >= date(today.year, 1, 1)

    def amount(kind: str, *more: ColumnElement[bool]) -> ColumnElement[Decimal]:
        return func.coalesce(func.sum(cost.amount).filter(cost.kind == kind, usual, *more), 0)

    row = session.execute(
        select(
            func.coalesce(func.sum(cost.minutes).filter(cost.amount.is_(None)), 0),
            amount("service"), amount("gift"), amount("gift", this_year), amount("other"),
        ).where(cost.workspace_id == workspace_id, cost.customer_id == customer_id)
    ).one()  # fmt: skip
    return int(row[0] or 0), row[1], row[2], row[3], row[4]


def _discounts(session: Session, workspace_id: int, customer_id: int, currency: str) -> Decimal:
    query = select(func.coalesce(func.sum(Order.discount), 0)).where(
        Order.workspace_id == workspace_id,
        Order.customer_id == customer_id,
        Order.currency == currency,
        Order.cancelled_at.is_(None),
    )
    return session.execute(query).scalar_one()


def _goods(session: Session, workspace_id: int, customer_id: int, currency: str) -> Decimal:
    """Return what the pieces they kept cost us, of lines that say."""
    line = OrderLine
    kept = line.quantity - line.returned
    query = select(func.coalesce(func.sum(line.cost * kept / line.quantity), 0)).where(
        line.workspace_id == workspace_id,
        line.customer_id == customer_id,
        line.currency == currency,
        line.cost.is_not(None),
    )
    return session.execute(query).scalar_one() or NOTHING
