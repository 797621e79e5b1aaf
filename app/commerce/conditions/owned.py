"""Conditions on what customers have, and when it is due."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field
from sqlalchemy import BigInteger, ColumnElement, Select, and_, func, or_, select

from app.commerce import products
from app.commerce.conditions.products import CATEGORY, PRODUCT, WhatInput, require_goods
from app.commerce.owned_items import items
from app.conditions.condition import Condition, Question, Subject
from app.conditions.context import ConditionContext
from app.conditions.description import Description
from app.conditions.inputs import ChoiceInput, NumberInput, Option
from app.conditions.limits import Days, RowId, Text
from app.conditions.lookups import Lookup
from app.kernel.translatable import N_, _n

DaysAhead = Annotated[int, Field(strict=True, ge=0, le=36_500)]
_FOR_DAYS = NumberInput("days", N_("Number of days"), N_("for at least"), N_("days"), is_whole=True, chars=4)
_WITHIN = NumberInput("days", N_("Number of days"), N_("within"), N_("days"), is_whole=True, chars=4)
_WHICH = ChoiceInput(
    "which",
    N_("What is due"),
    (
        Option("due_on", N_("replacement")),
        Option("warranty_until", N_("end of the warranty")),
        Option("service_until", N_("end of the service contract")),
        Option("finance_until", N_("end of the finance contract")),
    ),
)


@dataclass(frozen=True)
class OwnsItem(Condition):
    """The customer has a product, or anything of a category, now; perhaps since some days at least."""

    type = "owns"
    subject = Subject("owns", N_("Owned items"), "purchases")
    questions = (
        Question("now", N_("hold"), (WhatInput(),), {"measure": "now"}),
        Question("for_days", N_("have held"), (WhatInput(), _FOR_DAYS), {"measure": "for_days"}),
    )
    help = N_("What they have now, from orders or as was said. What came back or ended does not count.")
    shows_help = True
    example = {"measure": "for_days", "category": "Coffee machines", "days": 365}
    references = (PRODUCT, CATEGORY)

    measure: Literal["now", "for_days"]
    days: Days | None = None
    product: RowId | None = field(default=None, kw_only=True)
    category: Text | None = field(default=None, kw_only=True)

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        goods = require_goods(self.product, self.category)
        until = None
        if self.measure == "for_days":
            until = context.since(self.days or 1).astimezone(context.zone).date()
        asked = ItemQuestion("since_on", None, until, *goods)
        return func.coalesce(context.lookups.of(OwnedItems).number(asked), 0) > 0

    def describe(self, description: Description) -> str:
        what = description.name(PRODUCT, self.product) if self.product else self.category or ""
        if self.measure == "now":
            return description.text(N_("they own %(what)s"), what=what)
        days = description.counted(_n("%(num)s day", "%(num)s days"), self.days or 1)
        return description.text(N_("they have owned %(what)s for at least %(days)s"), what=what, days=days)


@dataclass(frozen=True)
class ItemDue(Condition):
    """Something the customer has is to be replaced, or a contract on it ends, within some days or already overdue."""

    type = "item_due"
    subject = Subject("item_due", N_("Due for an owned item"), "purchases")
    questions = (
        Question("any", N_("is, for anything they have,"), (_WHICH, _WITHIN), {"of": "anything"}),
        Question("of", N_("is, for"), (WhatInput(), _WHICH, _WITHIN), {"of": "goods"}),
    )
    help = N_("Replacement counts also when it is overdue; a warranty or contract only while it runs.")
    shows_help = True
    example = {"of": "anything", "which": "due_on", "days": 30}
    references = (PRODUCT, CATEGORY)

    of: Literal["anything", "goods"]
    which: Literal["due_on", "warranty_until", "service_until", "finance_until"]
    days: DaysAhead
    product: RowId | None = field(default=None, kw_only=True)
    category: Text | None = field(default=None, kw_only=True)

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        goods = require_goods(self.product, self.category) if self.of == "goods" else (None, None)
        today = context.now.astimezone(context.zone).date()
        since = None if self.which == "due_on" else today
        asked = ItemQuestion(self.which, since, today + timedelta(days=self.days), *goods)
        return func.coalesce(context.lookups.of(OwnedItems).number(asked), 0) > 0

    def describe(self, description: Description) -> str:
        days = description.counted(_n("%(num)s day", "%(num)s days"), self.days)
        if self.of == "anything":
            return description.text(_DUE[self.which], what=description.text(N_("something they own")), days=days)
        what = description.name(PRODUCT, self.product) if self.product else self.category or ""
        return description.text(_DUE[self.which], what=what, days=days)


_DUE = {
    "due_on": N_("%(what)s is due for replacement within %(days)s"),
    "warranty_until": N_("the warranty of %(what)s ends within %(days)s"),
    "service_until": N_("the service contract of %(what)s ends within %(days)s"),
    "finance_until": N_("the finance contract of %(what)s ends within %(days)s"),
}


class ItemQuestion(NamedTuple):
    """How many items, of a product or category if named, whose day (by its column) lies from `since` to `until`."""

    column: str
    since: date | None
    until: date | None
    product: int | None
    category: str | None


class OwnedItems(Lookup[ItemQuestion]):
    """Numbers of what customers have now."""

    name = "owned"

    def number(self, asked: ItemQuestion) -> ColumnElement[int]:
        """Return how many, NULL where there is nothing at all."""
        return self._asked(asked, BigInteger)

    def query(self) -> Select[Any]:
        rows = items.item_rows().c
        wanted = [self._wanted(asked, rows) for asked in self._questions]
        counted = [func.count().filter(each).label(f"n{number}") for number, each in enumerate(wanted)]
        return (
            select(rows.customer_id, *counted)
            .where(rows.workspace_id == self._workspace_id, rows.ended_on.is_(None), or_(*wanted))
            .group_by(rows.customer_id)
        )

    def _wanted(self, asked: ItemQuestion, rows: Any) -> ColumnElement[bool]:
        found: list[ColumnElement[bool]] = [rows.ended_on.is_(None)]
        if asked.product or asked.category:
            ids = products.ids_query(self._workspace_id, product_id=asked.product, category=asked.category)
            found.append(rows.product_id == asked.product if asked.product else rows.product_id.in_(ids))
        if asked.since:
            found.append(rows[asked.column] >= asked.since)
        if asked.until:
            found.append(rows[asked.column] <= asked.until)
        return and_(*found)
