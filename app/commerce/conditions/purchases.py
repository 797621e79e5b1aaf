"""The condition on purchases in a period."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Numeric, Select, func, select

from app.accounts import workspaces
from app.commerce.orders import order_rows
from app.conditions.condition import Condition, Question, Subject
from app.conditions.context import ConditionContext, ConditionInvalid
from app.conditions.counts import Often, Times, TimesInput
from app.conditions.description import Description
from app.conditions.inputs import NumberInput
from app.conditions.limits import AmountOrNone, Day, Days
from app.conditions.lookups import Lookup
from app.conditions.periods import InPeriod, Period, PeriodInput, days_long
from app.kernel.translatable import N_

_SUMS = N_("Sums are made in the currency of the workspace's first purchase.")
_AMOUNT = NumberInput("at_least", N_("At least"))


@dataclass(frozen=True)
class Purchased(InPeriod, Often, Condition):
    """The customer's purchases in a period number, sum up to, or are on average worth, at least this much."""

    type = "purchased"
    subject = Subject("purchased", N_("Purchases in a period"), "purchases")
    questions = (
        Question("count", N_("were made"), (TimesInput(), PeriodInput()), {"measure": "count"}),
        Question("sum", N_("add up to at least"), (_AMOUNT, PeriodInput()), {"measure": "sum"}, help=_SUMS),
        Question(
            "average", N_("are on average worth at least"), (_AMOUNT, PeriodInput()), {"measure": "average"}, help=_SUMS
        ),
    )
    help = N_("Purchases of any product in the period.")
    example = {"measure": "sum", "at_least": 100, "days": 90}
    is_foreseen = True

    measure: Literal["count", "sum", "average"]
    at_least: AmountOrNone
    days: Days | None = None
    at_most: AmountOrNone | None = field(default=None, kw_only=True)
    since: Day | None = field(default=None, kw_only=True)
    until: Day | None = field(default=None, kw_only=True)

    @property
    def reads(self) -> tuple[str, ...]:
        """All purchases ever are summed up beside the customer already."""
        if self.period != Period():
            return ()
        return {"count": ("orders",), "sum": ("spent",)}.get(self.measure, ())

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        if self.measure != "count" and self.at_most is not None:
            raise ConditionInvalid(N_("A sum has a lower bound only."), part="at_most")
        self.times.require_range()
        _ = self.period.bounds(context)
        if self.reads:
            ever = Times(_shortest(self.at_least), None if self.at_most is None else _shortest(self.at_most))
            return ever.holds(context.field(*self.reads, "number").expression)
        return self.times.holds(context.lookups.of(PurchaseTotals).number(self._asked(context)))

    def next_change(self, context: ConditionContext) -> ColumnElement[datetime] | None:
        if self.reads:
            return None
        return context.lookups.of(PurchaseTotals).next_change(self._asked(context), stays=days_long(self.days))

    def _asked(self, context: ConditionContext) -> PurchaseQuestion:
        return PurchaseQuestion(self.measure, *self.period.bounds(context))

    def describe(self, description: Description) -> str:
        period = self.period.describe(description)
        if self.measure == "sum":
            least = description.value(self.at_least)
            return description.text(N_("they spent at least %(least)s %(period)s"), least=least, period=period)
        if self.measure == "average":
            least = description.value(self.at_least)
            said = N_("their purchases are on average worth at least %(least)s %(period)s")
            return description.text(said, least=least, period=period)
        if self.times.is_never:
            return description.text(N_("they did not buy %(period)s"), period=period)
        if self.times.is_once:
            return description.text(N_("they bought %(period)s"), period=period)
        times = self.times.describe(description)
        return description.text(N_("they bought %(times)s %(period)s"), times=times, period=period)


def _shortest(amount: Decimal) -> int | Decimal:
    return int(amount) if amount == int(amount) else amount


class PurchaseQuestion(NamedTuple):
    """How many purchases (`count`), how much money (`sum`), or how much for each of those in the currency sums are made
    in (`average`), from `since` on and before `until`.
    """

    measure: str
    since: datetime | None
    until: datetime | None


class PurchaseTotals(Lookup[PurchaseQuestion]):
    """Numbers and sums of purchases."""

    name = "bought"

    def number(self, asked: PurchaseQuestion) -> ColumnElement[Decimal]:
        """Return the total, NULL where there is nothing at all."""
        return self._asked(asked, Numeric)

    def query(self) -> Select[Any]:
        rows = order_rows()
        bought = rows.c
        # Sums are made in one currency, as those beside a customer are.
        settled = workspaces.currencies_query().subquery("settled")
        is_usual = bought.currency == settled.c.currency
        changes = self._changes(bought.purchased_at, lambda asked: _inside(bought, asked))
        happened = [bought.purchased_at <= self._until] if changes else []
        counted = []
        for asked, number in self._questions.items():
            inside = [*_inside(bought, asked), *happened]
            money = func.avg if asked.measure == "average" else func.sum
            spent = money(bought.amount - bought.refunded).filter(*inside, is_usual)
            total = func.count().filter(*inside) if asked.measure == "count" else spent
            counted.append(total.label(f"n{number}"))
        begins = [asked.since for asked in self._questions]
        query = (
            select(bought.customer_id, *counted, *changes)
            .select_from(rows.join(settled, settled.c.workspace_id == bought.workspace_id))
            .where(bought.workspace_id == self._workspace_id, bought.cancelled_at.is_(None))
        )
        if not changes:
            query = query.where(bought.purchased_at <= self._until)
        if None not in begins:
            query = query.where(bought.purchased_at >= min(since for since in begins if since))
        return query.group_by(bought.customer_id)


def _inside(bought: Any, asked: PurchaseQuestion) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [] if asked.since is None else [bought.purchased_at >= asked.since]
    return found if asked.until is None else [*found, bought.purchased_at < asked.until]
