"""The condition on what somebody did, or what happened with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, Select, true

from app.conditions.condition import Condition, Question, Subject
from app.conditions.context import ConditionContext
from app.conditions.counts import Often, TimesInput
from app.conditions.description import Description
from app.conditions.inputs import ChoiceInput, Option
from app.conditions.limits import Day, Days, TimesOrNone
from app.conditions.lookups import Lookup
from app.conditions.periods import InPeriod, PeriodInput, days_long
from app.customers.timeline import activities, activity_queries
from app.customers.timeline.activity_queries import EventCount
from app.customers.timeline.event_names import EventName
from app.kernel.sql import moments
from app.kernel.translatable import N_

_WHO = ChoiceInput(
    "verdict",
    N_("Who did it"),
    (Option("human", N_("by a person")), Option("any", N_("by anybody or a machine"))),
)


def _question(kind: str, label: str, *more: ChoiceInput, explained: str = "") -> Question:
    return Question(kind, label, (TimesInput(), PeriodInput(), *more), {"kind": kind}, help=explained)


@dataclass(frozen=True)
class Did(InPeriod, Often, Condition):
    """Something happened with the customer at least so often in a period."""

    type = "did"
    subject = Subject("did", N_("Activity"), "engagement")
    questions = (
        _question("click", N_("clicked"), _WHO),
        _question("open", N_("opened"), _WHO),
        _question("reply", N_("replied"), explained=N_("Automatic replies are not counted.")),
        _question("signup", N_("signed up")),
        _question("unsubscribe", N_("unsubscribed")),
        _question("bounce", N_("had mail bounce")),
        _question("complaint", N_("complained")),
        _question("event", N_("did something else")),
    )
    help = N_("Counts what happened in the period.")
    example = {"kind": "click", "at_least": 2, "days": 30}
    is_foreseen = True

    kind: Literal["open", "click", "reply", "bounce", "complaint", "unsubscribe", "signup", "event"]
    at_least: TimesOrNone = 1
    days: Days | None = None
    verdict: Literal["human", "any"] = "human"
    at_most: TimesOrNone | None = field(default=None, kw_only=True)
    since: Day | None = field(default=None, kw_only=True)
    until: Day | None = field(default=None, kw_only=True)

    @property
    def reads(self) -> tuple[str, ...]:
        """Whether it happened at all, by a person, is what the engagement row remembers; no activity need be read."""
        latest = _LATEST.get(self.kind)
        is_remembered = (self.times.is_once or self.times.is_never) and self._human_only and self.until is None
        return (latest,) if latest and is_remembered else ()

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        self.times.require_range()
        since, _until = self.period.bounds(context)
        if self.reads:
            latest = context.field(*self.reads).expression
            happened = latest.is_not(None) if since is None else latest.between(since, context.now)
            return happened.is_not(true()) if self.times.is_never else happened
        return self.times.holds(context.lookups.of(ActivityCounts).number(self._asked(context)))

    def next_change(self, context: ConditionContext) -> ColumnElement[datetime]:
        if not self.reads:
            return context.lookups.of(ActivityCounts).next_change(self._asked(context), stays=days_long(self.days))
        latest = context.field(*self.reads).expression
        ends = [moments.just_after(latest, timedelta(days=self.days))] if self.days is not None else []
        return moments.earliest_after(context.now, (latest, *ends))

    def _asked(self, context: ConditionContext) -> EventCount:
        since, until = self.period.bounds(context)
        return EventCount(_EVENT_NAMES[self.kind], since, self._human_only, before=until)

    def needs_activities_since(self, now: datetime, zone: tzinfo) -> datetime | None:
        since, _until = self.period.bounds_at(now, zone)
        return None if self.reads else since or activities.EARLIEST

    def describe(self, description: Description) -> str:
        by_anybody = not self._human_only and self.kind in _BY_ANYBODY
        once, often, never = _BY_ANYBODY[self.kind] if by_anybody else _DONE[self.kind]
        period = self.period.describe(description)
        if self.times.is_never:
            return description.text(never, period=period)
        if self.times.is_once:
            return description.text(once, period=period)
        return description.text(often, times=self.times.describe(description), period=period)

    @property
    def _human_only(self) -> bool:
        """Machines open, click and reply too. What they reply is no reply, whatever is asked."""
        return self.kind == "reply" or (self.kind in _LATEST and self.verdict == "human")


_LATEST = {"open": "latest_open_at", "click": "latest_click_at", "reply": "latest_reply_at"}
# Said of once or more, of so many times, and of never.
_DONE = {
    "open": (
        N_("they opened mail %(period)s"),
        N_("they opened mail %(times)s %(period)s"),
        N_("they did not open mail %(period)s"),
    ),
    "click": (
        N_("they clicked %(period)s"),
        N_("they clicked %(times)s %(period)s"),
        N_("they did not click %(period)s"),
    ),
    "reply": (
        N_("they replied %(period)s"),
        N_("they replied %(times)s %(period)s"),
        N_("they did not reply %(period)s"),
    ),
    "bounce": (
        N_("mail to them bounced %(period)s"),
        N_("mail to them bounced %(times)s %(period)s"),
        N_("no mail to them bounced %(period)s"),
    ),
    "complaint": (
        N_("they complained %(period)s"),
        N_("they complained %(times)s %(period)s"),
        N_("they did not complain %(period)s"),
    ),
    "unsubscribe": (
        N_("they unsubscribed %(period)s"),
        N_("they unsubscribed %(times)s %(period)s"),
        N_("they did not unsubscribe %(period)s"),
    ),
    "signup": (
        N_("they signed up %(period)s"),
        N_("they signed up %(times)s %(period)s"),
        N_("they did not sign up %(period)s"),
    ),
    "event": (
        N_("something else happened %(period)s"),
        N_("something else happened %(times)s %(period)s"),
        N_("nothing else happened %(period)s"),
    ),
}
_BY_ANYBODY = {
    "open": (
        N_("they or a machine opened mail %(period)s"),
        N_("they or a machine opened mail %(times)s %(period)s"),
        N_("neither they nor a machine opened mail %(period)s"),
    ),
    "click": (
        N_("they or a machine clicked %(period)s"),
        N_("they or a machine clicked %(times)s %(period)s"),
        N_("neither they nor a machine clicked %(period)s"),
    ),
}


# What each kind is called on the timeline; None stands for whatever programs report.
_EVENT_NAMES = {
    "open": EventName.OPENED,
    "click": EventName.CLICKED,
    "reply": EventName.REPLIED,
    "bounce": EventName.BOUNCED,
    "complaint": EventName.COMPLAINED,
    "unsubscribe": EventName.UNSUBSCRIBED,
    "signup": EventName.SIGNED_UP,
    "event": None,
}


class ActivityCounts(Lookup[EventCount]):
    """How often events happened."""

    name = "did"

    def number(self, asked: EventCount) -> ColumnElement[int]:
        """Return how often, NULL where nothing that is asked about ever happened."""
        return self._asked(asked, BigInteger)

    def query(self) -> Select[Any]:
        changes = self._changes(activity_queries.activity_rows().c.at, activity_queries.is_counted)
        asked = list(self._questions)
        return activity_queries.counts_query(self._workspace_id, asked, until=self._until, also=changes)
