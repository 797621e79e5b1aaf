"""Conditions on what customers bought from competitors, and on what was spent on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Numeric, Select, and_, func, or_, select

from app.accounts import workspaces
from app.commerce.costs import competitors, costs
from app.conditions.condition import Condition, Question, Subject
from app.conditions.context import ConditionContext, folded
from app.conditions.description import Description
from app.conditions.inputs import NumberInput, TextInput
from app.conditions.limits import AmountOrNone, Day, Days, Text
from app.conditions.lookups import Lookup
from app.conditions.periods import InPeriod, Period, PeriodInput
from app.kernel.translatable import N_

_WHERE = TextInput("competitor", N_("Competitor"))
_LEAST = NumberInput("at_least", N_("At least"))
Edges = tuple[date | None, date | None]


def _days(period: Period, context: ConditionContext) -> Edges:
    """Return the first and the last day of a period."""
    since, until = period.bounds(context)
    last = until.astimezone(context.zone).date() - timedelta(days=1) if until else None
    return since.astimezone(context.zone).date() if since else None, last


@dataclass(frozen=True)
class BoughtElsewhere(InPeriod, Condition):
    """The customer is known to have bought from a competitor, any or one, in a period."""

    type = "bought_elsewhere"
    subject = Subject("bought_elsewhere", N_("Competitor purchases"), "purchases")
    questions = (
        Question("any", N_("are known, in the period"), (PeriodInput(),), {"of": "anybody"}),
        Question("one", N_("are known from"), (_WHERE, PeriodInput()), {"of": "one"}),
    )
    help = N_("Those without a day count for any time only.")
    shows_help = True
    example = {"of": "anybody", "days": 365}

    of: Literal["anybody", "one"]
    competitor: Text | None = field(default=None, kw_only=True)
    days: Days | None = field(default=None, kw_only=True)
    since: Day | None = field(default=None, kw_only=True)
    until: Day | None = field(default=None, kw_only=True)

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        named = (self.competitor or "") if self.of == "one" else None
        asked = ElsewhereQuestion(named, *_days(self.period, context))
        return func.coalesce(context.lookups.of(Elsewhere).number(asked), 0) > 0

    def describe(self, description: Description) -> str:
        period = self.period.describe(description)
        if self.of == "anybody":
            return description.text(N_("they bought from a competitor %(period)s"), period=period)
        competitor = description.value(self.competitor or "")
        return description.text(N_("they bought from %(competitor)s %(period)s"), competitor=competitor, period=period)


class ElsewhereQuestion(NamedTuple):
    """How many purchases, from one competitor if named, from the first to the last day."""

    competitor: str | None
    since: date | None
    until: date | None


class Elsewhere(Lookup[ElsewhereQuestion]):
    """Numbers of purchases elsewhere."""

    name = "elsewhere"

    def number(self, asked: ElsewhereQuestion) -> ColumnElement[int]:
        """Return how many, NULL for none."""
        return self._asked(asked, BigInteger)

    def query(self) -> Select[Any]:
        rows = competitors.purchase_rows().c
        counted = []
        for asked, number in self._questions.items():
            inside = _between(rows.bought_on, asked.since, asked.until)
            if asked.competitor is not None:
                inside.append(folded(rows.competitor) == folded(asked.competitor))
            counted.append(func.count().filter(*inside).label(f"n{number}"))
        mine = rows.workspace_id == self._workspace_id
        return select(rows.customer_id, *counted).where(mine).group_by(rows.customer_id)


@dataclass(frozen=True)
class SpentOn(InPeriod, Condition):
    """So many minutes of service, or so much money for gifts, went into the customer in a period."""

    type = "spent_on"
    subject = Subject("spent_on", N_("Costs of the customer"), "purchases")
    questions = (
        Question("minutes", N_("minutes of service, at least"), (_LEAST, PeriodInput()), {"measure": "minutes"}),
        Question("gifts", N_("gifts worth at least"), (_LEAST, PeriodInput()), {"measure": "gifts"}),
    )
    help = N_("Gifts are added up in the currency sums are made in.")
    example = {"measure": "minutes", "at_least": 60, "days": 90}

    measure: Literal["minutes", "gifts"]
    at_least: AmountOrNone
    days: Days | None = field(default=None, kw_only=True)
    since: Day | None = field(default=None, kw_only=True)
    until: Day | None = field(default=None, kw_only=True)

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        asked = CostQuestion(self.measure, *_days(self.period, context))
        return func.coalesce(context.lookups.of(Costs).total(asked), 0) >= self.at_least

    def describe(self, description: Description) -> str:
        least, period = description.value(self.at_least), self.period.describe(description)
        said = N_("they took at least %(least)s minutes of service %(period)s")
        if self.measure == "gifts":
            said = N_("they got gifts worth at least %(least)s %(period)s")
        return description.text(said, least=least, period=period)


class CostQuestion(NamedTuple):
    """How many minutes, or how much money for gifts, from the first to the last day."""

    measure: str
    since: date | None
    until: date | None


class Costs(Lookup[CostQuestion]):
    """Sums of what was spent on customers."""

    name = "costs"

    def total(self, asked: CostQuestion) -> ColumnElement[Decimal]:
        """Return the sum, NULL for none."""
        return self._asked(asked, Numeric)

    def query(self) -> Select[Any]:
        rows = costs.cost_rows()
        cost = rows.c
        settled = workspaces.currencies_query().subquery("settled")
        summed = []
        for asked, number in self._questions.items():
            inside = _between(cost.spent_on, asked.since, asked.until)
            if asked.measure == "gifts":
                usual = or_(settled.c.currency.is_(None), cost.currency == settled.c.currency)
                total: ColumnElement[Any] = func.sum(cost.amount).filter(and_(cost.kind == "gift", usual, *inside))
            else:
                total = func.sum(cost.minutes).filter(*inside) if inside else func.sum(cost.minutes)
            summed.append(total.label(f"n{number}"))
        return (
            select(cost.customer_id, *summed)
            .select_from(rows.join(settled, settled.c.workspace_id == cost.workspace_id))
            .where(cost.workspace_id == self._workspace_id)
            .group_by(cost.customer_id)
        )


def _between(day: ColumnElement[date], since: date | None, until: date | None) -> list[ColumnElement[bool]]:
    found = [] if since is None else [day >= since]
    return found if until is None else [*found, day <= until]
