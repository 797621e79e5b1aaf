"""Conditions on one field of a customer. Each knows its SQL and its sentence."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as fixed
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from sqlalchemy import ColumnElement, and_, func, or_, true

from app.segments.conditions.context import DAYS, ConditionInvalid, SegmentContext, folded
from app.segments.conditions.description import N_, Description
from app.segments.conditions.limits import CONFIG, Day, Days, Name, Number, Text, Value, Values


class OnField:
    """A condition on one field."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the fields the condition needs beside the customer."""
        name: str = vars(self)["field"]
        return (name,)


@dataclass(frozen=True)
class Is(OnField):
    """The field has exactly this value."""

    __pydantic_config__ = CONFIG
    field: Name
    value: Value
    type: Literal["is"] = fixed(default="is", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        info = terms.field(self.field, "text", "choice", "number", "boolean")
        return terms.equals(info, self.value)

    def say(self, speech: Description) -> str:
        return speech.say(
            N_("%(field)s is %(value)s"), field=speech.field(self.field), value=speech.value(self.value, self.field)
        )


@dataclass(frozen=True)
class IsNot(OnField):
    """The field has another value, or none."""

    __pydantic_config__ = CONFIG
    field: Name
    value: Value
    type: Literal["is_not"] = fixed(default="is_not", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        return Is(self.field, self.value).to_sql(terms).is_not(true())

    def say(self, speech: Description) -> str:
        return speech.say(
            N_("%(field)s is not %(value)s"), field=speech.field(self.field), value=speech.value(self.value, self.field)
        )


@dataclass(frozen=True)
class In(OnField):
    """The field has one of these values."""

    __pydantic_config__ = CONFIG
    field: Name
    values: Values
    type: Literal["in"] = fixed(default="in", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        info = terms.field(self.field, "text", "choice", "number")
        if info.codes == "language":
            return or_(*(terms.equals(info, value, part="values") for value in self.values))
        return info.expression.in_([terms.bound(info, value, part="values") for value in self.values])

    def say(self, speech: Description) -> str:
        return speech.say(
            N_("%(field)s is %(value)s"), field=speech.field(self.field), value=speech.values(self.values, self.field)
        )


@dataclass(frozen=True)
class Contains(OnField):
    """The text appears somewhere in the field, in capitals or not."""

    __pydantic_config__ = CONFIG
    field: Name
    value: Text
    type: Literal["contains"] = fixed(default="contains", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        info = terms.field(self.field, "text", "choice")
        return func.strpos(folded(info.expression), folded(self.value)) > 0

    def say(self, speech: Description) -> str:
        return speech.say(
            N_("%(field)s contains %(value)s"),
            field=speech.field(self.field),
            value=speech.value(self.value, self.field),
        )


@dataclass(frozen=True)
class StartsWith(OnField):
    """The field begins with the text, in capitals or not."""

    __pydantic_config__ = CONFIG
    field: Name
    value: Text
    type: Literal["starts_with"] = fixed(default="starts_with", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        info = terms.field(self.field, "text", "choice")
        return func.starts_with(folded(info.expression), folded(self.value))

    def say(self, speech: Description) -> str:
        return speech.say(
            N_("%(field)s starts with %(value)s"),
            field=speech.field(self.field),
            value=speech.value(self.value, self.field),
        )


@dataclass(frozen=True)
class GreaterThan(OnField):
    """The number is above this one."""

    __pydantic_config__ = CONFIG
    field: Name
    value: Number
    type: Literal["greater_than"] = fixed(default="greater_than", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        info = terms.field(self.field, "number")
        return info.expression > terms.bound(info, self.value)

    def say(self, speech: Description) -> str:
        return speech.say(
            N_("%(field)s is more than %(value)s"),
            field=speech.field(self.field),
            value=speech.value(self.value, self.field),
        )


@dataclass(frozen=True)
class LessThan(OnField):
    """The number is below this one."""

    __pydantic_config__ = CONFIG
    field: Name
    value: Number
    type: Literal["less_than"] = fixed(default="less_than", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        info = terms.field(self.field, "number")
        return info.expression < terms.bound(info, self.value)

    def say(self, speech: Description) -> str:
        return speech.say(
            N_("%(field)s is less than %(value)s"),
            field=speech.field(self.field),
            value=speech.value(self.value, self.field),
        )


@dataclass(frozen=True)
class Between(OnField):
    """The number or day lies between two others, both included."""

    __pydantic_config__ = CONFIG
    field: Name
    low: Number | Day
    high: Number | Day
    type: Literal["between"] = fixed(default="between", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        info = terms.field(self.field, "number", *DAYS)
        low, high = terms.bound(info, self.low, part="low"), terms.bound(info, self.high, part="high")
        if isinstance(low, date) and isinstance(high, date):
            if low > high:
                raise ConditionInvalid("The second day is before the first.", part="high")
            return and_(terms.on_or_after(info, low), ~terms.on_or_after(info, high + timedelta(days=1)))
        if isinstance(low, int | Decimal) and isinstance(high, int | Decimal) and low > high:
            raise ConditionInvalid("The second number is below the first.", part="high")
        return info.expression.between(low, high)

    def say(self, speech: Description) -> str:
        return speech.say(
            N_("%(field)s is between %(low)s and %(high)s"),
            field=speech.field(self.field),
            low=speech.value(self.low),
            high=speech.value(self.high),
        )


@dataclass(frozen=True)
class Before(OnField):
    """The date is earlier than this day."""

    __pydantic_config__ = CONFIG
    field: Name
    value: Day
    type: Literal["before"] = fixed(default="before", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        return ~terms.on_or_after(terms.field(self.field, *DAYS), self.value)

    def say(self, speech: Description) -> str:
        return speech.say(
            N_("%(field)s is before %(value)s"),
            field=speech.field(self.field),
            value=speech.value(self.value, self.field),
        )


@dataclass(frozen=True)
class After(OnField):
    """The date is later than this day."""

    __pydantic_config__ = CONFIG
    field: Name
    value: Day
    type: Literal["after"] = fixed(default="after", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        return terms.on_or_after(terms.field(self.field, *DAYS), self.value + timedelta(days=1))

    def say(self, speech: Description) -> str:
        return speech.say(
            N_("%(field)s is after %(value)s"),
            field=speech.field(self.field),
            value=speech.value(self.value, self.field),
        )


@dataclass(frozen=True)
class WithinLast(OnField):
    """The date lies in the last so many days."""

    __pydantic_config__ = CONFIG
    field: Name
    days: Days
    type: Literal["within_last"] = fixed(default="within_last", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        return terms.recent(terms.field(self.field, *DAYS), self.days)

    def say(self, speech: Description) -> str:
        return speech.say(
            N_("%(field)s is %(period)s"), field=speech.field(self.field), period=speech.period(self.days)
        )


@dataclass(frozen=True)
class NotWithinLast(OnField):
    """The date does not lie in the last so many days, or there is none."""

    __pydantic_config__ = CONFIG
    field: Name
    days: Days
    type: Literal["not_within_last"] = fixed(default="not_within_last", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        return terms.recent(terms.field(self.field, *DAYS), self.days).is_not(true())

    def say(self, speech: Description) -> str:
        return speech.say(
            N_("%(field)s is not %(period)s"), field=speech.field(self.field), period=speech.period(self.days)
        )


@dataclass(frozen=True)
class IsKnown(OnField):
    """The field has a value."""

    __pydantic_config__ = CONFIG
    field: Name
    type: Literal["is_known"] = fixed(default="is_known", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        return terms.field(self.field).expression.is_not(None)

    def say(self, speech: Description) -> str:
        return speech.say(N_("%(field)s is known"), field=speech.field(self.field))


@dataclass(frozen=True)
class IsUnknown(OnField):
    """The field has no value."""

    __pydantic_config__ = CONFIG
    field: Name
    type: Literal["is_unknown"] = fixed(default="is_unknown", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        return terms.field(self.field).expression.is_(None)

    def say(self, speech: Description) -> str:
        return speech.say(N_("%(field)s is not known"), field=speech.field(self.field))
