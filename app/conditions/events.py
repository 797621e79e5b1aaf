"""The condition on events that programs report, by name and properties, and its inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.conditions.activities import ActivityCounts
from app.conditions.condition import Condition, Question, Subject
from app.conditions.context import ConditionContext, ConditionInvalid
from app.conditions.counts import Often, TimesInput
from app.conditions.description import Description
from app.conditions.inputs import Control, FilledIn, Input, OneInput, Option
from app.conditions.limits import Day, Days, EventWord, Text, TimesOrNone
from app.conditions.periods import InPeriod, PeriodInput, days_long
from app.conditions.references import Reference
from app.customers.timeline import activities, activity_queries
from app.customers.timeline.activity_queries import EventCount
from app.customers.timeline.event_names import is_reserved
from app.customers.timeline.event_properties import PropertyTest
from app.kernel.translatable import N_

MAX_TESTS = 5
_OFFERED = 200
COMPARISONS = (
    Option("is", N_("is")),
    Option("is_not", N_("is not")),
    Option("contains", N_("contains")),
    Option("more_than", N_("is more than")),
    Option("less_than", N_("is less than")),
    Option("is_known", N_("is known")),
    Option("is_unknown", N_("is not known")),
)
_WITHOUT_VALUE = ("is_known", "is_unknown")
_NUMERIC = ("more_than", "less_than")


def _event_names(session: Session, workspace_id: int) -> Mapping[int, str]:
    """Events have no ids: their names are what is offered, and what is kept."""
    return dict(enumerate(activity_queries.reported_names(session, workspace_id, limit=_OFFERED), start=1))


EVENT = Reference("event", _event_names)


@dataclass(frozen=True)
class EventInput(OneInput):
    """The name of an event, typed or taken from those that were reported."""

    def controls(self, filled: FilledIn) -> list[Control]:
        names = filled.vocabulary.names_of(EVENT).values()
        options = (("", tuple(Option(name, name, is_name=True) for name in names)),)
        return [Control(self.name, "text", self.label, options=options, chars=18)]

    def read(self, filled: FilledIn) -> dict[str, Any]:
        return {self.name: filled.word(self.name)}


@dataclass(frozen=True)
class PropertiesInput(Input):
    """Comparisons of properties, one below the other; the next appears when one is begun."""

    @property
    def parts(self) -> tuple[str, ...]:
        return ("where",)

    def controls(self, filled: FilledIn) -> list[Control]:
        found: list[Control] = []
        for number in range(1, MAX_TESTS + 1):
            before = N_("where") if number == 1 else N_("and where")
            label, name = N_("Property"), f"property{number}"
            found.append(Control(name, "text", label, before, placeholder=N_("property"), chars=10, is_redrawn=True))
            if not filled.word(name):
                break
            options, chosen = (("", COMPARISONS),), filled.word(f"compare{number}") or "is"
            found.append(
                Control(
                    f"compare{number}", "choice", N_("Comparison"), options=options, default=chosen, is_redrawn=True
                )
            )
            if chosen not in _WITHOUT_VALUE:
                found.append(Control(f"value{number}", "text", N_("Value"), chars=10))
        return found

    def read(self, filled: FilledIn) -> dict[str, Any]:
        where = []
        for name, compare, value in _rows(filled):
            given = {} if compare in _WITHOUT_VALUE else {"value": value}
            where.append({"property": name, "compare": compare, **given})
        return {"where": where} if where else {}

    def show(self, values: Mapping[str, Any]) -> dict[str, str]:
        words: dict[str, str] = {}
        for number, row in enumerate(values.get("where") or (), start=1):
            words |= {f"property{number}": row["property"], f"compare{number}": row["compare"]}
            words |= {f"value{number}": row["value"]} if row.get("value") else {}
        return words

    def control_of(self, _part: str) -> str:
        return "property1"

    def is_blank(self, filled: FilledIn) -> bool:
        return any(compare not in _WITHOUT_VALUE and not value for _, compare, value in _rows(filled))


def _rows(filled: FilledIn) -> list[tuple[str, str, str]]:
    """Return (property, comparison, value) of the rows that are begun."""
    return [
        (name, filled.word(f"compare{number}") or "is", filled.word(f"value{number}"))
        for number in range(1, MAX_TESTS + 1)
        if (name := filled.word(f"property{number}"))
    ]


@dataclass(frozen=True)
class EventTest:
    """One property of the event, and what it is compared with."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    property: EventWord
    compare: Literal["is", "is_not", "contains", "more_than", "less_than", "is_known", "is_unknown"] = "is"
    value: Text | None = None

    def test(self) -> PropertyTest:
        """Return the comparison; raise ConditionInvalid where a value is missing or no number."""
        found = PropertyTest(self.property, self.compare, self.value or "")
        if self.compare not in _WITHOUT_VALUE and not self.value:
            raise ConditionInvalid(N_("Enter some text."), part="where")
        if self.compare in _NUMERIC and found.number is None:
            raise ConditionInvalid(N_("Enter a number."), part="where")
        return found

    def describe(self, description: Description) -> str:
        """Return it as a part of a sentence."""
        value = description.value(self.value or "")
        return description.text(_COMPARED[self.compare], property=self.property, value=value)


_COMPARED = {
    "is": N_("%(property)s is %(value)s"),
    "is_not": N_("%(property)s is not %(value)s"),
    "contains": N_("%(property)s contains %(value)s"),
    "more_than": N_("%(property)s is more than %(value)s"),
    "less_than": N_("%(property)s is less than %(value)s"),
    "is_known": N_("%(property)s is known"),
    "is_unknown": N_("%(property)s is not known"),
}


@dataclass(frozen=True)
class Reported(InPeriod, Often, Condition):
    """An event of a name, with properties like these, was reported so often in a period."""

    type = "reported"
    subject = Subject("reported", N_("Event by name"), "engagement")
    questions = (
        Question(
            "reported", N_("happened"), (EventInput("name", N_("Name of the event")), PropertiesInput(), TimesInput(),
                                         PeriodInput()),
        ),
    )  # fmt: skip
    help = N_("Events that your shop, website or programs report; names are compared exactly as they are sent.")
    example = {
        "name": "product_viewed",
        "where": [{"property": "category", "compare": "is", "value": "Roses"}],
        "at_least": 2,
        "days": 30,
    }
    references = (EVENT,)
    is_foreseen = True

    name: EventWord
    where: Annotated[tuple[EventTest, ...], Field(max_length=MAX_TESTS)] = ()
    at_least: TimesOrNone = 1
    days: Days | None = None
    at_most: TimesOrNone | None = field(default=None, kw_only=True)
    since: Day | None = field(default=None, kw_only=True)
    until: Day | None = field(default=None, kw_only=True)

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        if is_reserved(self.name):
            raise ConditionInvalid(_RESERVED, part="name")
        self.times.require_range()
        return self.times.holds(context.lookups.of(ActivityCounts).number(self._asked(context)))

    def next_change(self, context: ConditionContext) -> ColumnElement[datetime]:
        return context.lookups.of(ActivityCounts).next_change(self._asked(context), stays=days_long(self.days))

    def _asked(self, context: ConditionContext) -> EventCount:
        since, until = self.period.bounds(context)
        return EventCount(self.name, since, before=until, tests=tuple(each.test() for each in self.where))

    def needs_activities_since(self, now: datetime, zone: tzinfo) -> datetime | None:
        since, _until = self.period.bounds_at(now, zone)
        return since or activities.EARLIEST

    def describe(self, description: Description) -> str:
        what, period = describe_event(self.name, self.where, description), self.period.describe(description)
        if self.times.is_never:
            return description.text(N_("%(event)s did not happen %(period)s"), event=what, period=period)
        if self.times.is_once:
            return description.text(N_("%(event)s happened %(period)s"), event=what, period=period)
        times = self.times.describe(description)
        return description.text(N_("%(event)s happened %(times)s %(period)s"), event=what, times=times, period=period)


def describe_event(name: str, where: Sequence[EventTest], description: Description) -> str:
    """Return an event and what its properties are to be like, as a part of a sentence."""
    what = description.value(name)
    if not where:
        return what
    tests = description.join([each.describe(description) for each in where], N_(" and "))
    return description.text(N_("%(event)s (where %(tests)s)"), event=what, tests=tests)


_RESERVED = N_("This name is used for what is recorded here itself: choose “Activity”.")
