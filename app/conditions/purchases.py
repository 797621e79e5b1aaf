"""The condition on purchases in a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import ColumnElement, Numeric, Select, func, select, true

from app.conditions.condition import Condition, Question, Subject
from app.conditions.context import ConditionContext
from app.conditions.description import N_, Description, _n
from app.conditions.inputs import NumberInput
from app.conditions.limits import Amount, Days
from app.conditions.lookups import Lookup
from app.conditions.periods import DaysBack
from app.customers.purchases import purchase_rows

_INPUTS = (NumberInput("at_least", N_("At least")), DaysBack())


@dataclass(frozen=True)
class Purchased(Condition):
    """The customer's purchases in a period number, or sum up to, at least this much."""

    type = "purchased"
    subject = Subject("purchased", N_("Purchases in a period"), "purchases")
    questions = (
        Question("count", N_("number at least"), _INPUTS, {"measure": "count"}),
        Question("sum", N_("add up to at least"), _INPUTS, {"measure": "sum"}),
    )
    help = N_("Sums are made in the currency of the workspace's first purchase.")
    example = {"measure": "sum", "at_least": 100, "days": 90}

    measure: Literal["count", "sum"]
    at_least: Amount
    days: Days | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """All purchases ever are summed up beside the customer already."""
        return () if self.days is not None else ("orders" if self.measure == "count" else "spent",)

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        if self.days is None:
            total = context.field(*self.reads, "number")
            return total.expression >= context.bound(total, self.at_least)
        return context.lookups.of(PurchaseTotals).total(self.measure, since=context.since(self.days)) >= self.at_least

    def describe(self, description: Description) -> str:
        least, period = description.value(self.at_least), description.period(self.days)
        if self.measure == "sum":
            return description.text(N_("they spent at least %(least)s %(period)s"), least=least, period=period)
        if self.at_least == 1:
            return description.text(N_("they bought %(period)s"), period=period)
        often = _n("they bought at least %(least)s time %(period)s", "they bought at least %(least)s times %(period)s")
        return description.counted(often, int(self.at_least), least=least, period=period)


class PurchaseTotals(Lookup[tuple[str, datetime]]):
    """How many purchases there are since a moment, or how much money they are."""

    name = "bought"

    def total(self, measure: str, *, since: datetime) -> ColumnElement[Decimal]:
        """How many purchases (`count`) or how much money (`sum`) since then."""
        return self._asked((measure, since), Numeric)

    def query(self) -> Select[Any]:
        rows = purchase_rows()
        bought = rows.c
        # Sums are made in one currency, that of the workspace's first purchase, as those beside a customer are.
        first = rows.alias().c
        first_currency = select(first.currency).where(first.workspace_id == self._workspace_id).order_by(first.id)
        usual = first_currency.limit(1).subquery("usual")
        is_usual = bought.currency == usual.c.currency
        counted = [
            (
                func.count().filter(bought.purchased_at >= since)
                if measure == "count"
                else func.sum(bought.amount).filter(bought.purchased_at >= since, is_usual)
            ).label(f"n{number}")
            for (measure, since), number in self._questions.items()
        ]
        earliest = min(since for _measure, since in self._questions)
        return (
            select(bought.customer_id, *counted)
            .select_from(rows.join(usual, true()))
            .where(bought.workspace_id == self._workspace_id, bought.purchased_at.between(earliest, self._until))
            .group_by(bought.customer_id)
        )
