"""The condition on products bought: one product, or everything in a category."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Numeric, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.commerce import products
from app.commerce.orders import line_rows
from app.conditions.condition import Condition, Question, Subject
from app.conditions.context import ConditionContext, ConditionInvalid
from app.conditions.counts import Times, TimesInput
from app.conditions.description import Description
from app.conditions.inputs import Control, FilledIn, Input, NumberInput, Option, whole
from app.conditions.limits import AmountOrNone, Day, Days, RowId, Text
from app.conditions.lookups import Lookup
from app.conditions.periods import Period, PeriodInput
from app.conditions.references import Reference
from app.kernel.translatable import N_

_SUMS = N_("Sums are made in the currency of the workspace's first purchase.")
_AMOUNT = NumberInput("at_least", N_("At least"))


def _category_names(session: Session, workspace_id: int) -> Mapping[int, str]:
    """Categories have no ids: they are offered by their place in the list, and kept by their path."""
    return dict(enumerate(products.categories(session, workspace_id), start=1))


PRODUCT = Reference("product", products.names)
CATEGORY = Reference("product_category", _category_names)


@dataclass(frozen=True)
class WhatInput(Input):
    """A product, or a category of them."""

    @property
    def parts(self) -> tuple[str, ...]:
        return ("product", "category")

    def controls(self, filled: FilledIn) -> list[Control]:
        names, paths = (filled.vocabulary.names_of(kind) for kind in (PRODUCT, CATEGORY))
        categories = [Option(f"category:{path}", path, is_name=True) for path in paths.values()]
        single = [Option(f"product:{product_id}", name, is_name=True) for product_id, name in names.items()]
        groups = ((N_("Categories"), categories), (N_("Products"), single))
        return [Control("goods", "choice", N_("Product or category"), options=groups)]

    def read(self, filled: FilledIn) -> dict[str, Any]:
        kind, _, value = filled.word("goods").partition(":")
        return {"category": value} if kind == "category" else {"product": whole(value)}

    def show(self, values: Mapping[str, Any]) -> dict[str, str]:
        product = values.get("product")
        return {"goods": f"product:{product}" if product else f"category:{values.get('category', '')}"}

    def control_of(self, _part: str) -> str:
        return "goods"

    def is_blank(self, filled: FilledIn) -> bool:
        return not filled.word("goods")


@dataclass(frozen=True)
class BoughtProduct(Condition):
    """The customer's orders of a product or category in a period number, or sum up to, at least this much.

    Pieces that were sent back are not counted; of a line that came back whole nothing is.
    """

    type = "bought_product"
    subject = Subject("bought_product", N_("Products bought"), "purchases")
    questions = (
        Question("count", N_("were ordered"), (WhatInput(), TimesInput(), PeriodInput()), {"measure": "orders"}),
        Question(
            "pieces", N_("number in pieces"), (WhatInput(), TimesInput(), PeriodInput()), {"measure": "pieces"}
        ),
        Question(
            "sum", N_("add up to at least"), (WhatInput(), _AMOUNT, PeriodInput()), {"measure": "sum"}, help=_SUMS
        ),
    )
    help = N_("A category holds everything below it. What was sent back does not count.")
    shows_help = True
    example = {"measure": "orders", "category": "Garden > Roses", "at_least": 1, "days": 90}
    references = (PRODUCT, CATEGORY)

    measure: Literal["orders", "pieces", "sum"]
    at_least: AmountOrNone
    days: Days | None = None
    product: RowId | None = field(default=None, kw_only=True)
    category: Text | None = field(default=None, kw_only=True)
    at_most: AmountOrNone | None = field(default=None, kw_only=True)
    since: Day | None = field(default=None, kw_only=True)
    until: Day | None = field(default=None, kw_only=True)

    @property
    def period(self) -> Period:
        """Return when."""
        return Period(self.days, self.since, self.until)

    @property
    def times(self) -> Times:
        """Return how often, how many, or how much."""
        return Times(self.at_least, self.at_most)

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        if not self.product and not self.category:
            raise ConditionInvalid(N_("Choose a product or a category."), part="product")
        if self.product and self.category:
            raise ConditionInvalid(N_("Choose a product or a category, not both."), part="category")
        if self.measure == "sum" and self.at_most is not None:
            raise ConditionInvalid(N_("A sum has a lower bound only."), part="at_most")
        self.times.require_range()
        since, until = self.period.bounds(context)
        path = products.category_path(self.category) if self.category else None
        if path == "":
            raise ConditionInvalid(N_("Choose a product or a category."), part="category")
        asked = LineQuestion(self.measure, self.product, path, since, until)
        return self.times.holds(context.lookups.of(LineTotals).number(asked))

    def describe(self, description: Description) -> str:
        period = self.period.describe(description)
        what = description.name(PRODUCT, self.product) if self.product else self.category or ""
        if self.measure == "sum":
            least = description.value(self.at_least)
            return description.text(
                N_("they spent at least %(least)s on %(what)s %(period)s"), least=least, what=what, period=period
            )
        if self.times.is_never:
            return description.text(N_("they did not buy %(what)s %(period)s"), what=what, period=period)
        if self.times.is_once and self.measure == "orders":
            return description.text(N_("they bought %(what)s %(period)s"), what=what, period=period)
        times = self.times.describe(description)
        sentence = N_("they ordered %(what)s %(times)s %(period)s")
        if self.measure == "pieces":
            sentence = N_("they took pieces of %(what)s %(times)s %(period)s")
        return description.text(sentence, what=what, times=times, period=period)


class LineQuestion(NamedTuple):
    """How many orders, how many pieces or how much money of a product or category, from `since` on, before `until`."""

    measure: str
    product: int | None
    category: str | None
    since: datetime | None
    until: datetime | None


class LineTotals(Lookup[LineQuestion]):
    """Numbers and sums of order lines."""

    name = "lines"

    def number(self, asked: LineQuestion) -> ColumnElement[Decimal]:
        """Return the total, NULL where there is nothing at all."""
        return self._asked(asked, Numeric)

    def query(self) -> Select[Any]:
        rows = line_rows()
        line = rows.c
        settled = workspaces.currencies_query().subquery("settled")
        kept = line.quantity - line.returned
        counted, wanted = [], []
        for asked, number in self._questions.items():
            ids = products.ids_query(self._workspace_id, product_id=asked.product, category=asked.category)
            of_product = line.product_id == asked.product if asked.product else line.product_id.in_(ids)
            wanted.append(and_(of_product, *_within(line, asked)))
            total: ColumnElement[Any]
            if asked.measure == "orders":
                total = func.count(line.order_id.distinct())
            elif asked.measure == "pieces":
                total = func.sum(kept)
            else:
                total = func.sum(line.amount * kept / line.quantity)
            usual = [line.currency == settled.c.currency] if asked.measure == "sum" else []
            counted.append(total.filter(wanted[-1], kept > 0, *usual).label(f"n{number}"))
        begins = [asked.since for asked in self._questions]
        query = (
            select(line.customer_id, *counted)
            .select_from(rows.join(settled, settled.c.workspace_id == line.workspace_id))
            .where(line.workspace_id == self._workspace_id, line.purchased_at <= self._until)
        )
        if None not in begins:
            query = query.where(line.purchased_at >= min(since for since in begins if since))
        query = query.where(or_(*wanted))
        return query.group_by(line.customer_id)


def _within(line: Any, asked: LineQuestion) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [] if asked.since is None else [line.purchased_at >= asked.since]
    return found if asked.until is None else [*found, line.purchased_at < asked.until]
