"""The condition on products bought: one product, or everything in a category."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, cast

from sqlalchemy import ColumnElement, Numeric, Select, and_, func, or_, select, union_all
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.commerce import products
from app.commerce.orders import line_rows
from app.conditions.condition import Condition, Question, Subject
from app.conditions.context import ConditionContext, ConditionInvalid
from app.conditions.counts import Often, Times, TimesInput
from app.conditions.description import Description
from app.conditions.inputs import Control, FilledIn, Input, NumberInput, Option, whole
from app.conditions.limits import AmountOrNone, Day, Days, RowId, Text
from app.conditions.lookups import Lookup
from app.conditions.periods import InPeriod, PeriodInput, days_long
from app.conditions.references import Found, Reference
from app.kernel.translatable import N_

_SUMS = N_("Sums are made in the currency of the workspace's first purchase.")
_AMOUNT = NumberInput("at_least", N_("At least"))


def _category_names(session: Session, workspace_id: int) -> Mapping[int, str]:
    """Categories have no ids: they are offered by their place in the list, and kept by their path."""
    return dict(enumerate(products.categories(session, workspace_id), start=1))


def _newest_names(session: Session, workspace_id: int) -> Mapping[int, str]:
    return products.names(session, workspace_id, limit=_LISTED)


def _search(session: Session, workspace_id: int, words: str) -> Found:
    """Return the categories and products that hold the words, as `WhatInput` keeps them."""
    paths = [path for path in products.categories(session, workspace_id) if words.casefold() in path.casefold()]
    found = products.search(session, workspace_id, words, limit=_FOUND)
    labelled = [(f"category:{path}", path) for path in paths[:_FOUND]]
    return [*labelled, *((f"product:{each.id}", each.name) for each in found)]


_LISTED, _FOUND = 100, 30
PRODUCT = Reference("product", _newest_names, products.names_of_ids, _search)
CATEGORY = Reference("product_category", _category_names)


class Goods(NamedTuple):
    """One product by its id, or everything in a category and below it."""

    product: int | None
    category: str | None

    def of_lines(self, workspace_id: int, line: Any) -> ColumnElement[bool]:
        """Return the condition that an order line is of these goods."""
        if self.product:
            return cast(ColumnElement[bool], line.product_id == self.product)
        ids = products.ids_query(workspace_id, product_id=None, category=self.category)
        return cast(ColumnElement[bool], line.product_id.in_(ids))


def require_goods(product: int | None, category: str | None, *, prefix: str = "") -> Goods:
    """Return what a condition is about; raise ConditionInvalid for nothing, and for both."""
    path = products.category_path(category) if category else None
    if not product and not path:
        raise ConditionInvalid(N_("Choose a product or a category."), part=f"{prefix}product")
    if product and path:
        raise ConditionInvalid(N_("Choose a product or a category, not both."), part=f"{prefix}category")
    return Goods(product, path)


@dataclass(frozen=True)
class WhatInput(Input):
    """A product, or a category of them; where a condition has two, the parts of the second have a prefix."""

    prefix: str = ""
    before: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        return (f"{self.prefix}product", f"{self.prefix}category")

    def controls(self, filled: FilledIn) -> list[Control]:
        names, paths = (filled.vocabulary.names_of(kind) for kind in (PRODUCT, CATEGORY))
        categories = [Option(f"category:{path}", path, is_name=True) for path in paths.values()]
        single = [Option(f"product:{product_id}", name, is_name=True) for product_id, name in names.items()]
        groups = ((N_("Categories"), categories), (N_("Products"), single))
        label = N_("Product or category")
        return [Control(self._name, "choice", label, self.before, options=groups, searches=PRODUCT.kind)]

    def refers(self, filled: FilledIn) -> Iterable[tuple[Reference, int]]:
        kind, _, value = filled.word(self._name).partition(":")
        row_id = whole(value)
        return [(PRODUCT, row_id)] if kind == "product" and isinstance(row_id, int) else []

    def read(self, filled: FilledIn) -> dict[str, Any]:
        kind, _, value = filled.word(self._name).partition(":")
        product, category = self.parts
        return {category: value} if kind == "category" else {product: whole(value)}

    def show(self, values: Mapping[str, Any]) -> dict[str, str]:
        product, category = (values.get(part) for part in self.parts)
        return {self._name: f"product:{product}" if product else f"category:{category or ''}"}

    def control_of(self, _part: str) -> str:
        return self._name

    def is_blank(self, filled: FilledIn) -> bool:
        return not filled.word(self._name)

    @property
    def _name(self) -> str:
        return f"{self.prefix}goods"


@dataclass(frozen=True)
class BoughtProduct(InPeriod, Often, Condition):
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
    is_foreseen = True

    measure: Literal["orders", "pieces", "sum"]
    at_least: AmountOrNone
    days: Days | None = None
    product: RowId | None = field(default=None, kw_only=True)
    category: Text | None = field(default=None, kw_only=True)
    at_most: AmountOrNone | None = field(default=None, kw_only=True)
    since: Day | None = field(default=None, kw_only=True)
    until: Day | None = field(default=None, kw_only=True)

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        goods = require_goods(self.product, self.category)
        if self.measure == "sum" and self.at_most is not None:
            raise ConditionInvalid(N_("A sum has a lower bound only."), part="at_most")
        self.times.require_range()
        asked = LineQuestion(self.measure, *goods, *self.period.bounds(context))
        return self.times.holds(context.lookups.of(LineTotals).number(asked))

    def next_change(self, context: ConditionContext) -> ColumnElement[datetime]:
        goods = require_goods(self.product, self.category)
        asked = LineQuestion(self.measure, *goods, *self.period.bounds(context))
        return context.lookups.of(LineTotals).next_change(asked, stays=days_long(self.days))

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


@dataclass(frozen=True)
class BoughtButNot(InPeriod, Condition):
    """The customer bought one thing in a period, and has never bought another."""

    type = "bought_but_not"
    subject = Subject("bought_but_not", N_("One product without another"), "purchases")
    questions = (
        Question("bought", N_("was bought:"), (WhatInput(), WhatInput("without_", N_("but never")), PeriodInput())),
    )
    help = N_("They bought the first in the period, and the second at no time. What was sent back does not count.")
    shows_help = True
    example = {"category": "Coffee machines", "without_category": "Coffee", "days": 90}
    references = (PRODUCT, CATEGORY)
    is_foreseen = True

    days: Days | None = None
    product: RowId | None = field(default=None, kw_only=True)
    category: Text | None = field(default=None, kw_only=True)
    without_product: RowId | None = field(default=None, kw_only=True)
    without_category: Text | None = field(default=None, kw_only=True)
    since: Day | None = field(default=None, kw_only=True)
    until: Day | None = field(default=None, kw_only=True)

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        first, second = (context.lookups.of(LineTotals).number(asked) for asked in self._asked(context))
        return Times(1).holds(first) & Times(0, 0).holds(second)

    def next_change(self, context: ConditionContext) -> ColumnElement[datetime]:
        totals, (first, second) = context.lookups.of(LineTotals), self._asked(context)
        return func.least(
            totals.next_change(first, stays=days_long(self.days)), totals.next_change(second, stays=None)
        )

    def _asked(self, context: ConditionContext) -> tuple[LineQuestion, LineQuestion]:
        """Return the question about what was bought, and the one about what was not."""
        bought = require_goods(self.product, self.category)
        without = require_goods(self.without_product, self.without_category, prefix="without_")
        since, until = self.period.bounds(context)
        return LineQuestion("orders", *bought, since, until), LineQuestion("orders", *without, None, None)

    def describe(self, description: Description) -> str:
        def said(product: int | None, category: str | None) -> str:
            return description.name(PRODUCT, product) if product else category or ""

        return description.text(
            N_("they bought %(what)s %(period)s, but never %(without)s"),
            what=said(self.product, self.category),
            without=said(self.without_product, self.without_category),
            period=self.period.describe(description),
        )


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

        def found(asked: LineQuestion) -> list[ColumnElement[bool]]:
            return [Goods(asked.product, asked.category).of_lines(self._workspace_id, line), *_within(line, asked)]

        changes = self._changes(line.purchased_at, found)
        happened = [line.purchased_at <= self._until] if changes else []
        counted, wanted = [], []
        for asked, number in self._questions.items():
            wanted.append(and_(*found(asked), *happened))
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
            select(line.customer_id, *counted, *changes)
            .select_from(rows.join(settled, settled.c.workspace_id == line.workspace_id))
            .where(line.workspace_id == self._workspace_id)
        )
        if not changes:
            query = query.where(line.purchased_at <= self._until)
        if None not in begins:
            query = query.where(line.purchased_at >= min(since for since in begins if since))
        # Said once more of all questions together: the lines of a few products are found by their index.
        named = [self._products(asked) for asked in self._questions]
        query = query.where(line.product_id.in_(union_all(*named)), *(() if changes else (or_(*wanted),)))
        return query.group_by(line.customer_id)

    def _products(self, asked: LineQuestion) -> Select[int]:
        return products.ids_query(self._workspace_id, product_id=asked.product, category=asked.category)


def _within(line: Any, asked: LineQuestion) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [] if asked.since is None else [line.purchased_at >= asked.since]
    return found if asked.until is None else [*found, line.purchased_at < asked.until]
