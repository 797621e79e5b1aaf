"""Conditions on a field that holds an amount of money: amounts are compared within one currency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import StringConstraints
from sqlalchemy import ColumnElement, and_

from app.conditions.condition import Question
from app.conditions.context import ConditionContext, ConditionInvalid
from app.conditions.description import Description
from app.conditions.inputs import Control, FilledIn, NumberInput, OneInput
from app.conditions.limits import Number
from app.conditions.on_fields.on_field import MONEY, OnField
from app.customers.field_kinds import money
from app.customers.profiles import codes
from app.kernel.translatable import N_

Currency = Annotated[str, StringConstraints(strict=True, pattern="^[A-Z]{3}$")]


@dataclass(frozen=True)
class CurrencyInput(OneInput):
    """A currency, by its code."""

    def controls(self, _filled: FilledIn) -> list[Control]:
        return [Control(self.name, "choice", self.label, codes="currency")]

    def read(self, filled: FilledIn) -> dict[str, Any]:
        return {self.name: filled.word(self.name)}


_CURRENCY = CurrencyInput("currency", N_("Currency"))
_INPUTS = (NumberInput("value", N_("Amount"), chars=8), _CURRENCY)
_TWO = (NumberInput("low", N_("From"), chars=8), NumberInput("high", N_("To"), chars=8), _CURRENCY)


@dataclass(frozen=True)
class Amount(OnField):
    """The amount is above, below or exactly this one, in this currency."""

    type = "amount"
    questions = (
        Question("amount_above", N_("is more than"), _INPUTS, {"compares": "more_than"}, kinds=MONEY),
        Question("amount_below", N_("is less than"), _INPUTS, {"compares": "less_than"}, kinds=MONEY),
        Question("amount_is", N_("is"), _INPUTS, {"compares": "equal"}, kinds=MONEY),
    )
    help = N_("Amounts in other currencies are not converted: they do not match.")
    shows_help = True
    example = {"field": "custom.budget", "compares": "more_than", "value": 1000, "currency": "EUR"}

    compares: Literal["more_than", "less_than", "equal"]
    value: Number
    currency: Currency

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        kept = context.field(self.field, "money").expression
        amount = money.amount_sql(kept)
        compared = {
            "more_than": amount > self.value, "less_than": amount < self.value, "equal": amount == self.value
        }[self.compares]  # fmt: skip
        return and_(in_currency(kept, self.currency), compared)

    def describe(self, description: Description) -> str:
        return description.text(
            _SENTENCES[self.compares],
            field=description.field(self.field),
            value=description.value(self.value),
            currency=self.currency,
        )


_SENTENCES = {
    "more_than": N_("%(field)s is more than %(value)s %(currency)s"),
    "less_than": N_("%(field)s is less than %(value)s %(currency)s"),
    "equal": N_("%(field)s is %(value)s %(currency)s"),
}


@dataclass(frozen=True)
class AmountBetween(OnField):
    """The amount lies between two others in this currency, both included."""

    type = "amount_between"
    questions = (Question("amount_between", N_("is between"), _TWO, kinds=MONEY),)
    help = N_("Amounts in other currencies are not converted: they do not match.")
    shows_help = True
    example = {"field": "custom.budget", "low": 500, "high": 1000, "currency": "EUR"}

    low: Number
    high: Number
    currency: Currency

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        kept = context.field(self.field, "money").expression
        if self.low > self.high:
            raise ConditionInvalid(N_("The second number is below the first."), part="high")
        return and_(in_currency(kept, self.currency), money.amount_sql(kept).between(self.low, self.high))

    def describe(self, description: Description) -> str:
        return description.text(
            N_("%(field)s is between %(low)s and %(high)s %(currency)s"),
            field=description.field(self.field),
            low=description.value(self.low),
            high=description.value(self.high),
            currency=self.currency,
        )


def in_currency(kept: ColumnElement[Any], currency: str) -> ColumnElement[bool]:
    """The kept amount is in this currency; raise ConditionInvalid where there is no such currency."""
    if currency not in codes.currencies():
        raise ConditionInvalid(
            N_("This is not a currency; write its three letters, such as EUR."), part="currency"
        )
    return money.currency_sql(kept) == currency
