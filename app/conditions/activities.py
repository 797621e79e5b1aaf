"""The condition on what somebody did, or what happened with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, Select

from app.conditions.condition import Condition, Question, Subject
from app.conditions.context import ConditionContext
from app.conditions.description import N_, Description, _n
from app.conditions.inputs import ChoiceInput, NumberInput, Option
from app.conditions.limits import Days, Times
from app.conditions.lookups import Lookup
from app.conditions.periods import DaysBack
from app.customers.timeline import activity_queries
from app.customers.timeline.activity_queries import EventCount
from app.customers.timeline.event_names import EventName

_TIMES = NumberInput("at_least", N_("At least"), before=N_("at least"), after=N_("times"), is_whole=True)
_WHO = ChoiceInput(
    "verdict",
    N_("Who did it"),
    (Option("human", N_("by a person")), Option("any", N_("by anybody or a machine"))),
)


def _question(kind: str, label: str, *more: ChoiceInput) -> Question:
    return Question(kind, label, (_TIMES, DaysBack(), *more), {"kind": kind})


@dataclass(frozen=True)
class Did(Condition):
    """Something happened with the customer at least so often in a period."""

    type = "did"
    subject = Subject("did", N_("Activity"), "engagement")
    questions = (
        _question("click", N_("clicked"), _WHO),
        _question("open", N_("opened"), _WHO),
        _question("reply", N_("replied")),
        _question("signup", N_("signed up")),
        _question("unsubscribe", N_("unsubscribed")),
        _question("bounce", N_("had mail bounce")),
        _question("complaint", N_("complained")),
        _question("event", N_("did something else")),
    )
    help = N_("Counts what happened in the period. Automatic replies are not counted.")
    example = {"kind": "click", "at_least": 2, "days": 30}

    kind: Literal["open", "click", "reply", "bounce", "complaint", "unsubscribe", "signup", "event"]
    at_least: Times = 1
    days: Days | None = None
    verdict: Literal["human", "any"] = "human"

    @property
    def reads(self) -> tuple[str, ...]:
        """One time by a person is what the engagement row remembers; no activity need be read."""
        latest = _LATEST.get(self.kind)
        return (latest,) if latest and self.at_least == 1 and self._human_only else ()

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        if self.reads:
            info = context.field(*self.reads)
            return info.expression.is_not(None) if self.days is None else context.recent(info, self.days)
        since = None if self.days is None else context.since(self.days)
        counts = context.lookups.of(ActivityCounts)
        return counts.times(self.kind, since=since, human_only=self._human_only) >= self.at_least

    def describe(self, description: Description) -> str:
        by_anybody = not self._human_only and self.kind in _BY_ANYBODY
        once, often = _BY_ANYBODY[self.kind] if by_anybody else _DONE[self.kind]
        period = description.period(self.days)
        if self.at_least == 1:
            return description.text(once, period=period)
        return description.counted(often, self.at_least, period=period)

    @property
    def _human_only(self) -> bool:
        """Machines open, click and reply too. What they reply is no reply, whatever is asked."""
        return self.kind == "reply" or (self.kind in _LATEST and self.verdict == "human")


_LATEST = {"open": "latest_open_at", "click": "latest_click_at", "reply": "latest_reply_at"}
# Said of once or more, and of at least so many times.
_DONE = {
    "open": (
        N_("they opened mail %(period)s"),
        _n("they opened mail at least %(num)s time %(period)s", "they opened mail at least %(num)s times %(period)s"),
    ),
    "click": (
        N_("they clicked %(period)s"),
        _n("they clicked at least %(num)s time %(period)s", "they clicked at least %(num)s times %(period)s"),
    ),
    "reply": (
        N_("they replied %(period)s"),
        _n("they replied at least %(num)s time %(period)s", "they replied at least %(num)s times %(period)s"),
    ),
    "bounce": (
        N_("mail to them bounced %(period)s"),
        _n(
            "mail to them bounced at least %(num)s time %(period)s",
            "mail to them bounced at least %(num)s times %(period)s",
        ),
    ),
    "complaint": (
        N_("they complained %(period)s"),
        _n("they complained at least %(num)s time %(period)s", "they complained at least %(num)s times %(period)s"),
    ),
    "unsubscribe": (
        N_("they unsubscribed %(period)s"),
        _n("they unsubscribed at least %(num)s time %(period)s", "they unsubscribed at least %(num)s times %(period)s"),
    ),
    "signup": (
        N_("they signed up %(period)s"),
        _n("they signed up at least %(num)s time %(period)s", "they signed up at least %(num)s times %(period)s"),
    ),
    "event": (
        N_("something else happened %(period)s"),
        _n(
            "something else happened at least %(num)s time %(period)s",
            "something else happened at least %(num)s times %(period)s",
        ),
    ),
}
_BY_ANYBODY = {
    "open": (
        N_("they or a machine opened mail %(period)s"),
        _n(
            "they or a machine opened mail at least %(num)s time %(period)s",
            "they or a machine opened mail at least %(num)s times %(period)s",
        ),
    ),
    "click": (
        N_("they or a machine clicked %(period)s"),
        _n(
            "they or a machine clicked at least %(num)s time %(period)s",
            "they or a machine clicked at least %(num)s times %(period)s",
        ),
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
    """How often an event happened since a moment."""

    name = "did"

    def times(self, kind: str, *, since: datetime | None, human_only: bool) -> ColumnElement[int]:
        """How often this happened since then, or ever; by a person if asked."""
        return self._asked(EventCount(_EVENT_NAMES[kind], since, human_only), BigInteger)

    def query(self) -> Select[Any]:
        return activity_queries.counts_query(self._workspace_id, list(self._questions), until=self._until)
