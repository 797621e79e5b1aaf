"""The condition on carts that were left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple

from pydantic import Field
from sqlalchemy import TIMESTAMP, ColumnElement, Select, func, or_, select

from app.commerce import carts
from app.conditions.condition import Condition, Question, Subject
from app.conditions.context import ConditionContext, ConditionInvalid
from app.conditions.description import Description
from app.conditions.inputs import NumberInput
from app.conditions.limits import Days
from app.conditions.lookups import Lookup
from app.conditions.periods import DaysBack
from app.kernel.sql import moments
from app.kernel.translatable import N_, _n

_HOURS = NumberInput("hours", N_("Number of hours"), N_("for at least"), N_("hours"), is_whole=True, chars=4)
_LOOKED_BACK = DaysBack(label=N_("Left in the last days"))
Hours = Annotated[int, Field(strict=True, ge=1, le=8760)]


@dataclass(frozen=True)
class LeftCart(Condition):
    """The customer has left a cart with something in it, untouched for some hours, and has bought nothing since."""

    type = "left_cart"
    subject = Subject("left_cart", N_("Cart left"), "purchases")
    questions = (Question("left", N_("was not touched"), (_HOURS, _LOOKED_BACK)),)
    help = N_("A cart with something in it, of the last so many days, after which they bought nothing.")
    shows_help = True
    example = {"hours": 4, "days": 7}
    is_foreseen = True

    hours: Hours
    days: Days

    @property
    def reads(self) -> tuple[str, ...]:
        """Who bought since is not waiting to be reminded."""
        return ("latest_purchase_at",)

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        if self.hours >= self.days * 24:
            raise ConditionInvalid(N_("The days must reach further back than the hours."), part="days")
        left_at = context.lookups.of(LeftCarts).latest(self._asked(context))
        bought_at = context.field("latest_purchase_at").expression
        return left_at.is_not(None) & or_(bought_at.is_(None), bought_at < left_at)

    def next_change(self, context: ConditionContext) -> ColumnElement[datetime]:
        return context.lookups.of(LeftCarts).next_change(self._asked(context), stays=timedelta(days=self.days))

    def _asked(self, context: ConditionContext) -> CartQuestion:
        return CartQuestion(context.since(self.days), context.now - timedelta(hours=self.hours))

    def describe(self, description: Description) -> str:
        untouched = description.counted(_n("%(num)s hour", "%(num)s hours"), self.hours)
        days = description.counted(_n("in the last day", "in the last %(num)s days"), self.days)
        return description.text(
            N_("they left a cart %(days)s and have not touched it for %(hours)s"), days=days, hours=untouched
        )


class CartQuestion(NamedTuple):
    """When the latest cart was left, of those last changed from `since` to `until`."""

    since: datetime
    until: datetime


class LeftCarts(Lookup[CartQuestion]):
    """When carts were left."""

    name = "carts"

    def latest(self, asked: CartQuestion) -> ColumnElement[datetime]:
        """Return when the latest of them was changed last, NULL where there is none."""
        return self._asked(asked, TIMESTAMP)

    def query(self) -> Select[Any]:
        rows = carts.cart_rows()
        cart = rows.c
        counted = [
            func.max(cart.changed_at).filter(cart.changed_at.between(*asked)).label(f"n{number}")
            for asked, number in self._questions.items()
        ]
        changes = [
            moments.window_moves(
                cart.changed_at, (), self._until, stays=self._timed[number], waits=self._until - asked.until
            ).label(f"t{number}")
            for asked, number in self._questions.items()
            if number in self._timed
        ]
        earliest = min(asked.since for asked in self._questions)
        return (
            select(cart.customer_id, *counted, *changes)
            .where(cart.workspace_id == self._workspace_id, cart.changed_at >= earliest, carts.is_left(rows))
            .group_by(cart.customer_id)
        )
