"""Kinds of field with one simple value: text, number, date, and yes or no."""

from __future__ import annotations

from decimal import InvalidOperation
from typing import Any

from sqlalchemy import ColumnElement, Date, Numeric, case, cast, false, true

from app.customers import values
from app.customers.field_kinds.kind import FieldKind, Reading, Typed, ValueRefused, line
from app.customers.profiles import dates
from app.kernel.translatable import N_

# What PostgreSQL reads as a number or as a day of the years a value may have, and nothing else.
A_NUMBER = "^[+-]?[0-9]{1,30}([.][0-9]{1,30})?$"
_LEAP = "19(0[48]|[2468][048]|[13579][26])|2[01](0[48]|[2468][048]|[13579][26])|2000"
A_DAY = (
    "^((19|20|21)[0-9]{2}|2200)-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)$"
    f"|^({_LEAP})-02-29$"
)


class TextKind(FieldKind):
    """One line of text."""

    name = "text"
    label = N_("Text")
    asked_as = "text"

    def parse(self, text: str, field: Typed, reading: Reading) -> str:  # noqa: ARG002
        return line(text)

    def sql(self, kept: Any) -> ColumnElement[Any]:
        found: ColumnElement[Any] = kept.astext
        return found


class NumberKind(FieldKind):
    """A number, whole where it can be."""

    name = "number"
    label = N_("Number")
    asked_as = "number"

    def parse(self, text: str, field: Typed, reading: Reading) -> int | float:  # noqa: ARG002
        try:
            number = values.amount(text, decimal=reading.decimal)
        except (InvalidOperation, ValueError):
            raise ValueRefused(N_("This is not a number.")) from None
        return int(number) if number == number.to_integral_value() and abs(number) < 2**53 else float(number)

    def sql(self, kept: Any) -> ColumnElement[Any]:
        return case((kept.astext.regexp_match(A_NUMBER), cast(kept.astext, Numeric)))


class DateKind(FieldKind):
    """A day, kept as YYYY-MM-DD."""

    name = "date"
    label = N_("Date")
    asked_as = "date"

    def parse(self, text: str, field: Typed, reading: Reading) -> str:  # noqa: ARG002
        try:
            return dates.day(text, reading.date_order).isoformat()
        except ValueError:
            raise ValueRefused(N_("This is not a date.")) from None

    def sql(self, kept: Any) -> ColumnElement[Any]:
        return case((kept.astext.regexp_match(A_DAY), cast(kept.astext, Date)))


class BooleanKind(FieldKind):
    """Yes or no."""

    name = "boolean"
    label = N_("Yes or no")
    asked_as = "boolean"

    def parse(self, text: str, field: Typed, reading: Reading) -> bool:  # noqa: ARG002
        answer = values.truth(text)
        if answer is None:
            raise ValueRefused(N_("This is neither yes nor no."))
        return answer

    def sql(self, kept: Any) -> ColumnElement[Any]:
        return case((kept.astext == "true", true()), (kept.astext == "false", false()))

    def written(self, value: Any) -> str:
        return super().written(value).lower()
