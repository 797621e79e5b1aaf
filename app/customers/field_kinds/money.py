"""The kind of field that holds an amount of money with its currency."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import get_currency_precision
from sqlalchemy import ColumnElement, Numeric, case, cast, func

from app.customers import values
from app.customers.field_kinds.kind import FieldKind, Reading, Typed, ValueRefused
from app.customers.profiles import codes
from app.kernel.translatable import N_

_KEPT = "^-?[0-9]{1,15}([.][0-9]{1,6})? [A-Z]{3}$"
# The currency stands on one side of the number, as a code, a sign or a name.
_NAMED = re.compile(
    r"(?P<open>[(+\-−–]?)\s*(?P<before>[^\d\s.,()+\-−–'’]*)\s*(?P<number>[+\-−–]?[\d.,'’\s]*\d)\s*"
    r"(?P<close>[)\-]?)\s*(?P<after>[^\d\s.,()+\-−–'’]*)(?P<end>[)\-]?)"
)


class MoneyKind(FieldKind):
    """An amount and its currency, kept as "1234.50 EUR"."""

    name = "money"
    label = N_("Money")
    asked_as = "money"

    def parse(self, text: str, field: Typed, reading: Reading) -> str:  # noqa: ARG002
        found = _NAMED.fullmatch(text.strip()[:200])
        if not found or (found["before"] and found["after"]):
            raise ValueRefused(N_("This is not an amount of money, such as 1234.50 EUR."))
        named = found["before"] or found["after"]
        currency = codes.find_currency(named) if named else reading.currency
        if currency is None:
            raise ValueRefused(N_("This is not a currency; write its three letters, such as EUR."))
        try:
            digits = found["open"] + found["number"].strip() + (found["close"] or found["end"])
            amount = values.amount(digits, decimal=reading.decimal)
        except (InvalidOperation, ValueError):
            raise ValueRefused(N_("This is not an amount of money, such as 1234.50 EUR.")) from None
        return f"{_plain(amount, currency)} {currency}"

    def sql(self, kept: Any) -> ColumnElement[Any]:
        return case((kept.astext.regexp_match(_KEPT), kept.astext))


def amount_sql(kept: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the amount of what `MoneyKind.sql` returns."""
    return cast(func.split_part(kept, " ", 1), Numeric)


def currency_sql(kept: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the currency of what `MoneyKind.sql` returns."""
    return func.split_part(kept, " ", 2)


def split(value: Any) -> tuple[Decimal, str] | None:
    """Return (amount, currency) of a kept value, None where it is none."""
    if not isinstance(value, str) or not re.match(_KEPT, value):
        return None
    amount, _, currency = value.partition(" ")
    return Decimal(amount), currency


def _plain(amount: Decimal, currency: str) -> str:
    """Return the amount with as many decimals as its currency has, or more where it has more."""
    needed = Decimal(1).scaleb(-get_currency_precision(currency))
    clean = amount.normalize() + 0
    return f"{clean.quantize(needed) if clean == clean.quantize(needed) else clean:f}"
