"""The conditions on who referred whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, Select

from app.conditions.condition import Condition, Question, Subject
from app.conditions.context import ConditionContext
from app.conditions.counts import Often, TimesInput
from app.conditions.description import Description
from app.conditions.limits import TimesOrNone
from app.conditions.lookups import Lookup
from app.customers.relations import circles
from app.kernel.translatable import N_

_REFERRALS = Subject("referrals", N_("Referrals"), "relations")


@dataclass(frozen=True)
class WasReferred(Condition):
    """Another customer referred this one."""

    type = "was_referred"
    subject = _REFERRALS
    questions = (
        Question("was_referred", N_("were referred by somebody")),
        Question("not_referred", N_("were referred by nobody"), is_negated=True),
    )
    help = N_("By another customer, as their relations say.")
    example = {}

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        context.lookups.count_other()
        return context.customer_id.in_(circles.referred_query(context.workspace_id))

    def describe(self, description: Description) -> str:
        return description.text(N_("another customer referred them"))


@dataclass(frozen=True)
class HasReferred(Often, Condition):
    """The customer referred so many others."""

    type = "has_referred"
    subject = _REFERRALS
    questions = (Question("has_referred", N_("referred others"), (TimesInput(),)),)
    help = N_("How many other customers they referred, as their relations say.")
    example = {"at_least": 2}

    at_least: TimesOrNone = 1
    at_most: TimesOrNone | None = field(default=None, kw_only=True)

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        self.times.require_range()
        return self.times.holds(context.lookups.of(ReferralCounts).number())

    def describe(self, description: Description) -> str:
        if self.times.is_never:
            return description.text(N_("they referred nobody"))
        if self.times.is_once:
            return description.text(N_("they referred somebody"))
        return description.text(N_("they referred others %(times)s"), times=self.times.describe(description))


class ReferralCounts(Lookup[Literal["referred"]]):
    """How many others somebody referred."""

    name = "referrals"

    def number(self) -> ColumnElement[int]:
        """Return how many, NULL where there is nobody."""
        return self._asked("referred", BigInteger)

    def query(self) -> Select[Any]:
        counted = circles.referrals_query(self._workspace_id).subquery()
        return counted.select().with_only_columns(counted.c.customer_id, counted.c.number.label("n0"))
