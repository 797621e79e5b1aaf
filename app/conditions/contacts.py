"""The condition on contacts logged by hand or reported by programs: calls, visits, support, complaints."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, Select

from app.conditions.condition import Condition, Question, Subject
from app.conditions.context import ConditionContext
from app.conditions.counts import Often, TimesInput
from app.conditions.description import Description
from app.conditions.inputs import ChoiceInput, Option
from app.conditions.limits import Day, Days, TimesOrNone
from app.conditions.lookups import Lookup
from app.conditions.periods import InPeriod, PeriodInput, days_long
from app.customers.timeline import activities, activity_queries, contacts
from app.customers.timeline.contacts import KINDS, ContactQuestion
from app.kernel.translatable import N_

_ANY = "any"
_HOW = ChoiceInput(
    "how",
    N_("Kind of contact"),
    (Option(_ANY, N_("of any kind")), *(Option(name, kind.label) for name, kind in KINDS.items())),
)
_DIRECTION = ChoiceInput(
    "direction",
    N_("Who began it"),
    (Option(_ANY, N_("from either side")), Option("in", N_("from them")), Option("out", N_("from us"))),
)
_WORST = ChoiceInput(
    "worst", N_("Rating"), tuple(Option(str(score), str(score), is_name=True) for score in contacts.SCORES)
)


@dataclass(frozen=True)
class Contacted(InPeriod, Often, Condition):
    """There were contacts with the customer so often in a period."""

    type = "contacted"
    subject = Subject("contacted", N_("Contacts and feedback"), "engagement")
    questions = (Question("contacted", N_("happened"), (_HOW, _DIRECTION, TimesInput(), PeriodInput())),)
    help = N_("Calls, visits, letters, notes, support, satisfaction and complaints on the timeline.")
    example = {"how": "call", "direction": "in", "at_least": 1, "days": 90}
    is_foreseen = True

    how: Literal["any", "call", "visit", "letter", "support", "satisfaction", "complaint", "noted"]
    at_least: TimesOrNone = 1
    days: Days | None = None
    direction: Literal["any", "in", "out"] = "any"
    at_most: TimesOrNone | None = field(default=None, kw_only=True)
    since: Day | None = field(default=None, kw_only=True)
    until: Day | None = field(default=None, kw_only=True)

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        self.times.require_range()
        return self.times.holds(context.lookups.of(ContactCounts).number(self._asked(context)))

    def next_change(self, context: ConditionContext) -> ColumnElement[datetime]:
        return context.lookups.of(ContactCounts).next_change(self._asked(context), stays=days_long(self.days))

    def _asked(self, context: ConditionContext) -> ContactQuestion:
        since, before = self.period.bounds(context)
        name, direction = (None if each == _ANY else each for each in (self.how, self.direction))
        return ContactQuestion(name, direction, since, before)

    def needs_activities_since(self, now: datetime, zone: tzinfo) -> datetime | None:
        since, _until = self.period.bounds_at(now, zone)
        return since or activities.EARLIEST

    def describe(self, description: Description) -> str:
        label = N_("contact of any kind") if self.how == _ANY else KINDS[self.how].label
        what = description.value(description.text(label))
        side = description.text(_SIDES[self.direction])
        period = self.period.describe(description)
        if self.times.is_never:
            return description.text(N_("there was no %(what)s%(side)s %(period)s"), what=what, side=side, period=period)
        if self.times.is_once:
            return description.text(N_("there was %(what)s%(side)s %(period)s"), what=what, side=side, period=period)
        times = self.times.describe(description)
        sentence = N_("there was %(what)s%(side)s %(times)s %(period)s")
        return description.text(sentence, what=what, side=side, times=times, period=period)


@dataclass(frozen=True)
class Dissatisfied(InPeriod, Condition):
    """The customer rated their satisfaction at most so high in a period."""

    type = "dissatisfied"
    subject = Contacted.subject
    questions = (Question("dissatisfied", N_("rated at most"), (_WORST, PeriodInput())),)
    help = N_("Satisfaction is rated from 1 to 5; one such rating in the period is enough.")
    shows_help = True
    example = {"worst": "2", "days": 180}
    is_foreseen = True

    worst: Literal["1", "2", "3", "4", "5"]
    days: Days | None = None
    since: Day | None = field(default=None, kw_only=True)
    until: Day | None = field(default=None, kw_only=True)

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        return context.lookups.of(ContactCounts).number(self._asked(context)) >= 1

    def next_change(self, context: ConditionContext) -> ColumnElement[datetime]:
        return context.lookups.of(ContactCounts).next_change(self._asked(context), stays=days_long(self.days))

    def _asked(self, context: ConditionContext) -> ContactQuestion:
        since, before = self.period.bounds(context)
        return ContactQuestion("satisfaction", None, since, before, int(self.worst))

    def needs_activities_since(self, now: datetime, zone: tzinfo) -> datetime | None:
        since, _until = self.period.bounds_at(now, zone)
        return since or activities.EARLIEST

    def describe(self, description: Description) -> str:
        period = self.period.describe(description)
        return description.text(
            N_("they rated their satisfaction at most %(worst)s of 5 %(period)s"), worst=self.worst, period=period
        )


_SIDES = {_ANY: N_(" from either side"), "in": N_(" from them"), "out": N_(" from us")}


class ContactCounts(Lookup[ContactQuestion]):
    """How often contacts happened."""

    name = "contacts"

    def number(self, asked: ContactQuestion) -> ColumnElement[int]:
        """Return how often, NULL where nothing that is asked about ever happened."""
        return self._asked(asked, BigInteger)

    def query(self) -> Select[Any]:
        changes = self._changes(activity_queries.activity_rows().c.at, lambda asked: [contacts.is_asked(asked)])
        return contacts.counts_query(self._workspace_id, list(self._questions), until=self._until, also=changes)
