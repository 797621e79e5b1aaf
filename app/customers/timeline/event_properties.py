"""Comparisons of a property of a reported event, as segments ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from sqlalchemy import ColumnElement, Numeric, case, cast, func, literal, or_, true

Comparison = Literal["is", "is_not", "contains", "more_than", "less_than", "is_known", "is_unknown"]
# What PostgreSQL reads as a number, and nothing else.
_A_NUMBER = "^[+-]?[0-9]{1,30}([.][0-9]{1,30})?$"


@dataclass(frozen=True, slots=True)
class PropertyTest:
    """One property of an event, how it is compared, and with what.

    Numbers equal however they are written; a property that is not there passes `is_not` and `is_unknown` alone.
    """

    name: str
    comparison: Comparison
    value: str = ""

    @property
    def number(self) -> Decimal | None:
        """Return the value as a number, None where it is none."""
        return number_of(self.value)

    def to_sql(self, found: ColumnElement[str]) -> ColumnElement[bool]:
        """Return the comparison of a property's text."""
        if self.comparison == "is_known":
            return found.is_not(None)
        if self.comparison == "is_unknown":
            return found.is_(None)
        if self.comparison == "contains":
            return func.strpos(func.lower(found), func.lower(literal(self.value))) > 0
        as_number = case((found.regexp_match(_A_NUMBER), cast(found, Numeric)))
        if self.comparison == "more_than":
            return as_number > self.number
        if self.comparison == "less_than":
            return as_number < self.number
        same = found == self.value if self.number is None else or_(found == self.value, as_number == self.number)
        return same if self.comparison == "is" else same.is_not(true())


def number_of(word: str) -> Decimal | None:
    """Return the number a text is, as the database reads it."""
    try:
        found = Decimal(word) if len(word) <= 30 and word.isascii() and "_" not in word else None
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() and "e" not in word.lower() else None
