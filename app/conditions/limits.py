"""Bounds of rules and of the values in conditions, as pydantic types."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field, StrictBool, StringConstraints

from app.kernel.translatable import N_

MAX_DEPTH = 12
MAX_RULES = 200
# Rules about others (somebody in the household ...) inside one another: each asks everybody once more.
MAX_CIRCLES = 2
# Segments that name segments: how deep, and how many conditions they may bring together.
MAX_SEGMENTS_DEEP = 10
MAX_EXPANDED = 1_000
# A list of values, as it is pasted; and all lists of one rule together.
MAX_VALUES = 10_000
MAX_VALUES_TOGETHER = 50_000
# Different questions to purchases and activities, and permissions asked for: what the sums beside a customer cannot
# answer, so that each has the database read its rows for everybody.
MAX_LOOKUPS = 40


def _storable(text: str) -> str:
    """Refuse what PostgreSQL cannot hold as text."""
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError(N_("Some of these characters cannot be stored."))
    return text


Text = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200), AfterValidator(_storable)]
Name = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=60), AfterValidator(_storable)]
Number = Annotated[Decimal, Field(ge=-(10**12), le=10**12, allow_inf_nan=False, max_digits=18)]
AmountOrNone = Annotated[Decimal, Field(ge=0, le=10**12, allow_inf_nan=False, max_digits=18)]
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2200, 12, 31))]
Days = Annotated[int, Field(strict=True, ge=1, le=36_500)]
Times = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
TimesOrNone = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
RowId = Annotated[int, Field(strict=True, ge=0, le=2**62)]
Value = StrictBool | Number | Text
EventWord = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=100), AfterValidator(_storable)]
Values = Annotated[tuple[Number | Text, ...], Field(min_length=1, max_length=MAX_VALUES)]
Texts = Annotated[tuple[Text, ...], Field(min_length=1, max_length=MAX_VALUES)]
