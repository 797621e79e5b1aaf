"""Conditions on how customers order: how often, and what stood in their first or latest order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import TIMESTAMP, ColumnElement, Select, and_, func, literal, or_, select

from app.commerce.conditions.products import CATEGORY, PRODUCT, Goods, WhatInput, require_goods
from app.commerce.orders import line_rows
from app.conditions.condition import Condition, Question, Subject
from app.conditions.context import ConditionContext
from app.conditions.description import Description
from app.conditions.inputs import NumberInput
from app.conditions.limits import Days, RowId, Text
from app.conditions.lookups import Lookup
from app.kernel.sql import moments
from app.kernel.translatable import N_, _n

_SECONDS_A_DAY = 86_400
_MICROSECONDS = 1_000_000
_DAYS = NumberInput("days", N_("Number of days"), after=N_("days"), is_whole=True, chars=4)


@dataclass(frozen=True)
class OrderInterval(Condition):
    """How many days lie between the customer's orders on average, and whether the next is overdue by that measure."""

    type = "order_interval"
    subject = Subject("order_interval", N_("Days between orders"), "purchases")
    questions = (
        Question("at_most", N_("are on average at most"), (_DAYS,), {"measure": "at_most"}),
        Question("at_least", N_("are on average at least"), (_DAYS,), {"measure": "at_least"}),
        Question("overdue", N_("are exceeded by more than"), (_DAYS,), {"measure": "overdue"}),
    )
    help = N_("Of customers with at least two orders: the days from the first to the latest, by the number between.")
    shows_help = True
    example = {"measure": "at_most", "days": 30}
    is_foreseen = True

    measure: Literal["at_most", "at_least", "overdue"]
    days: Days

    @property
    def reads(self) -> tuple[str, ...]:
        return ("orders", "first_purchase_at", "latest_purchase_at")

    @property
    def changes_with_time(self) -> bool:
        """The days between orders change with orders alone; only waiting for the next goes on."""
        return self.measure == "overdue"

    def next_change(self, context: ConditionContext) -> ColumnElement[datetime] | None:
        if self.measure != "overdue":
            return None
        orders, first, latest = (context.field(name).expression for name in self.reads)
        span = func.extract("epoch", latest - first) + self.days * _SECONDS_A_DAY * (orders - 1)
        # The first moment that is more than so long after it.
        waits = func.floor(span * _MICROSECONDS / func.nullif(orders - 1, 0)) + 1
        return moments.earliest_after(context.now, (latest + waits * literal(timedelta(microseconds=1)),))

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        orders, first, latest = (context.field(name).expression for name in self.reads)
        span = func.extract("epoch", latest - first)
        bound = self.days * _SECONDS_A_DAY * (orders - 1)
        if self.measure == "at_most":
            return and_(orders >= 2, span <= bound)
        if self.measure == "at_least":
            return and_(orders >= 2, span >= bound)
        waited = func.extract("epoch", context.now - latest)
        return and_(orders >= 2, waited * (orders - 1) > span + bound)

    def describe(self, description: Description) -> str:
        days = description.counted(_n("%(num)s day", "%(num)s days"), self.days)
        return description.text(_SAID[self.measure], days=days)


_SAID = {
    "at_most": N_("they order every %(days)s or more often on average"),
    "at_least": N_("they order every %(days)s or less often on average"),
    "overdue": N_("their next order is overdue by more than %(days)s"),
}


@dataclass(frozen=True)
class InOrder(Condition):
    """A product, or anything of a category, stood in the customer's first or latest order."""

    type = "in_order"
    subject = Subject("in_order", N_("First and latest order"), "purchases")
    questions = (
        Question("first", N_("the first held"), (WhatInput(),), {"which": "first"}),
        Question("latest", N_("the latest held"), (WhatInput(),), {"which": "latest"}),
    )
    help = N_("What stood in their first or latest order. What was sent back does not count.")
    example = {"which": "first", "category": "Garden > Roses"}
    references = (PRODUCT, CATEGORY)

    which: Literal["first", "latest"]
    product: RowId | None = field(default=None, kw_only=True)
    category: Text | None = field(default=None, kw_only=True)

    @property
    def reads(self) -> tuple[str, ...]:
        return ("first_purchase_at",) if self.which == "first" else ("latest_purchase_at",)

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        goods = require_goods(self.product, self.category)
        at = context.field(*self.reads).expression
        return context.lookups.of(LineTimes).time(TimeQuestion(self.which, *goods)) == at

    def describe(self, description: Description) -> str:
        what = description.name(PRODUCT, self.product) if self.product else self.category or ""
        said = N_("they bought %(what)s in their first order")
        if self.which == "latest":
            said = N_("they bought %(what)s in their latest order")
        return description.text(said, what=what)


class TimeQuestion(NamedTuple):
    """When a product or category was ordered first or last."""

    which: str
    product: int | None
    category: str | None


class LineTimes(Lookup[TimeQuestion]):
    """When products were ordered first and last."""

    name = "line_times"

    def time(self, asked: TimeQuestion) -> ColumnElement[datetime]:
        """Return that time, NULL where it was never ordered."""
        return self._asked(asked, TIMESTAMP)

    def query(self) -> Select[Any]:
        line = line_rows().c
        timed, wanted = [], []
        for asked, number in self._questions.items():
            of_goods = Goods(asked.product, asked.category).of_lines(self._workspace_id, line)
            wanted.append(of_goods)
            edge = func.min(line.purchased_at) if asked.which == "first" else func.max(line.purchased_at)
            timed.append(edge.filter(of_goods).label(f"n{number}"))
        # Of a cancelled order nothing was kept.
        kept = line.quantity > line.returned
        mine = (line.workspace_id == self._workspace_id, line.purchased_at <= self._until, kept)
        return select(line.customer_id, *timed).where(*mine, or_(*wanted)).group_by(line.customer_id)

