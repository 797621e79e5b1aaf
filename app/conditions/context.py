"""The context conditions are compiled in: workspace, fields, time and lookups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, cast, func, literal, or_

from app.conditions.lookups import Lookups
from app.customers.addresses import emails
from app.customers.profiles import codes
from app.customers.profiles.fields import FieldInfo
from app.kernel.refusals import Refusal
from app.kernel.sql import moments
from app.kernel.translatable import N_, MessageId

# Kinds of field that conditions on days can be put to: whole days, and moments in the workspace's time zone.
DAYS = ("date", "time")
Scalar = bool | int | Decimal | date | str


class ConditionInvalid(Refusal):
    """A condition asks something of a field that the field cannot answer. `part` names the input at fault."""

    def __init__(self, message: MessageId, *, part: str, **values: Any) -> None:
        super().__init__(message, field=part, **values)
        self.part = part


@dataclass(frozen=True)
class ConditionContext:
    """What the conditions of one rule are compiled with. `customer_id` is the column of the customers they select.

    `lookups` gathers what is asked of rows that people have many of, while the rule is compiled.
    """

    workspace_id: int
    fields: Mapping[str, FieldInfo]
    now: datetime
    zone: tzinfo
    customer_id: ColumnElement[int]
    lookups: Lookups
    # The fields that may be read: the statement stands over the tables of these.
    readable: frozenset[str] = frozenset()

    def for_reading(self, names: Iterable[str]) -> ConditionContext:
        """Return the context for a condition that reads these fields."""
        return replace(self, readable=frozenset(names))

    def field(self, name: str, *kinds: str) -> FieldInfo:
        """Return the field of this name if it is one of these kinds (any kind when none is given)."""
        if name not in self.readable:
            raise LookupError(f"a condition takes the field {name!r} without naming it in `reads`")
        info = self.fields.get(name)
        if info is None:
            is_own = name.startswith("custom.")
            message = _RETIRED if is_own else N_("There is no field “%(name)s”.")
            raise ConditionInvalid(message, part="field", name=name.removeprefix("custom."))
        if info.is_barred:
            raise ConditionInvalid(_BARRED, part="field", label=info.label)
        if kinds and info.kind not in kinds:
            raise ConditionInvalid(N_("“%(label)s” cannot be asked this way."), part="type", label=info.label)
        return info

    def bound(self, info: FieldInfo, value: Scalar, *, part: str = "value") -> Scalar:
        """Return the value to bind, as the field's kind wants it; raise ConditionInvalid if it is of another."""
        if info.kind == "number" and isinstance(value, int | Decimal) and not isinstance(value, bool):
            return int(value) if value == int(value) else value
        if info.kind in DAYS and isinstance(value, date):
            return value
        if info.kind == "boolean" and isinstance(value, bool):
            return value
        if info.codes and isinstance(value, str):
            return self._code(info, value, part)
        if info.name == "email" and isinstance(value, str) and value:
            return emails.find_key(value.strip()) or value.strip().lower()
        if info.kind in ("text", "choice") and isinstance(value, str) and value:
            return value
        raise ConditionInvalid(_WANTED.get(info.kind, N_("This value does not fit.")), part=part)

    def equals(self, info: FieldInfo, value: Scalar, *, part: str = "value") -> ColumnElement[bool]:
        """The field has this value. Whoever asks for a language means its regional forms too: en is also en-GB."""
        bound = self.bound(info, value, part=part)
        if info.codes == "language" and isinstance(bound, str) and "-" not in bound:
            return or_(info.expression == bound, func.starts_with(info.expression, f"{bound}-"))
        return info.expression == bound

    def _code(self, info: FieldInfo, value: str, part: str) -> str:
        """Return the code that is kept for this spelling of it: DE for de, DEU and Germany."""
        found = codes.FIND[info.codes](value)
        if found is None:
            raise ConditionInvalid(N_("“%(value)s” is none of the list. Choose one."), part=part, value=value)
        return found

    def start_of(self, day: date) -> datetime:
        """Return the moment the day begins in the workspace's time zone."""
        return datetime.combine(day, time(), tzinfo=self.zone)

    def since(self, days: int) -> datetime:
        """Return the moment that many days before now."""
        return self.now - timedelta(days=days)

    def next_in_past(self, info: FieldInfo, days: int) -> ColumnElement[datetime]:
        """When the field next comes to lie in the last `days` days, or further back than those."""
        at, zone, back = info.expression, str(self.zone), timedelta(days=days)
        if _is_day(info):
            ended = moments.shifted(moments.start_of(_day_after(at), zone), back)
            return moments.earliest_after(self.now, (moments.start_of(at, zone), ended))
        return moments.earliest_after(self.now, (at, moments.just_after(at, back)))

    def next_ahead(self, info: FieldInfo, days: int) -> ColumnElement[datetime]:
        """When the field next comes to lie in the next `days` days, or in the past."""
        at, zone, ahead = info.expression, str(self.zone), timedelta(days=-days)
        if _is_day(info):
            begins = moments.shifted(moments.start_of(at, zone), ahead)
            return moments.earliest_after(self.now, (begins, moments.start_of(_day_after(at), zone)))
        return moments.earliest_after(self.now, (moments.shifted(at, ahead), moments.just_after(at)))

    def on_or_after(self, info: FieldInfo, day: date) -> ColumnElement[bool]:
        """The field's day is this one or later."""
        edge: date = day if _is_day(info) else self.start_of(day)
        return info.expression >= edge

    def recent(self, info: FieldInfo, days: int) -> ColumnElement[bool]:
        """The field lies within the last `days` days and not in the future."""
        since, until = self.since(days), self.now
        if _is_day(info):
            return info.expression.between(since.astimezone(self.zone).date(), until.astimezone(self.zone).date())
        return info.expression.between(since, until)

    def ahead(self, info: FieldInfo, days: int) -> ColumnElement[bool]:
        """The field lies within the next `days` days and not in the past."""
        until = self.now + timedelta(days=days)
        if _is_day(info):
            return info.expression.between(self.now.astimezone(self.zone).date(), until.astimezone(self.zone).date())
        return info.expression.between(self.now, until)

    def longer_ago(self, info: FieldInfo, days: int) -> ColumnElement[bool]:
        """The field lies before the last `days` days."""
        since = self.since(days)
        edge: date = since.astimezone(self.zone).date() if _is_day(info) else since
        return info.expression < edge


def folded(value: ColumnElement[str] | str) -> ColumnElement[str]:
    """Return text for comparing without regard to case, both sides folded by the database alike."""
    return func.lower(literal(value) if isinstance(value, str) else value)


def _day_after(day: ColumnElement[Any]) -> ColumnElement[date]:
    return cast(day, Date) + literal(1, Integer)


def _is_day(info: FieldInfo) -> bool:
    return info.kind == "date"


_BARRED = N_(
    "“%(label)s” is sensitive. An owner has to state the legal basis under Custom fields before segments may use it."
)
_RETIRED = N_("There is no field “%(name)s” in use. If it was retired, bring it back under Custom fields.")
_WANTED = {
    "number": N_("Enter a number."),
    "date": N_("Enter a date."),
    "time": N_("Enter a date."),
    "boolean": N_("Choose yes or no."),
    "text": N_("Enter some text."),
    "choice": N_("Choose one of the list."),
}
