"""The kind of field that holds a date and a time, in the zone it was told in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import TIMESTAMP, ColumnElement, and_, case, cast, func

from app.customers.field_kinds.kind import FieldKind, Reading, Typed, ValueRefused
from app.customers.field_kinds.plain import A_DAY
from app.customers.profiles import dates
from app.kernel.translatable import N_

_A_CLOCK = "^T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][+-](0[0-9]|1[0-4]):[0-5][0-9]$"


class DateTimeKind(FieldKind):
    """A moment, kept as 2026-03-31T15:00:00+02:00: the same everywhere, and in mails the clock of where it happens.

    What tells no zone is meant in the workspace's; a day alone is noon of that day.
    """

    name = "date_time"
    label = N_("Date and time")
    asked_as = "time"

    def parse(self, text: str, field: Typed, reading: Reading) -> str:  # noqa: ARG002
        try:
            return dates.local_moment(text, reading.date_order, reading.time_zone).isoformat(timespec="seconds")
        except (ValueError, OverflowError):
            raise ValueRefused(N_("This is not a date and time.")) from None

    def sql(self, kept: Any) -> ColumnElement[Any]:
        text = kept.astext
        is_one = and_(func.left(text, 10).regexp_match(A_DAY), func.substr(text, 11).regexp_match(_A_CLOCK))
        return case((is_one, cast(text, TIMESTAMP(timezone=True))))
