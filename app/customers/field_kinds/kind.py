"""The base of every kind of field, and how what people type is meant."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from sqlalchemy import ColumnElement

from app.customers import values
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

LONGEST_TEXT = 1000


class ValueRefused(Refusal):
    """A value does not fit its field."""

    status = 422
    message = N_("This value does not fit the field.")


class Typed(Protocol):
    """What a kind is told of a field: the choices it offers, and what it refers to."""

    @property
    def choices(self) -> Sequence[str]:
        """What may be chosen; nothing where the kind has no choices."""

    @property
    def refers_to(self) -> str | None:
        """The kind of thing whose number it holds; None where the kind is no reference."""


@dataclass(frozen=True)
class Reading:
    """How text is meant: 03/04/2026 by `date_order`, 1,234 by `decimal` (what separates the cents), an amount without
    a currency and a time without a zone by the workspace's own.
    """

    date_order: str = "ymd"
    decimal: str = "."
    currency: str = "EUR"
    time_zone: str = "UTC"


USUAL = Reading()


class FieldKind(ABC):
    """One kind of field. Values are kept as JSON beside the customer, in one form only for each value."""

    name: ClassVar[str]
    label: ClassVar[str]
    # What segments know it as: conditions are offered by it.
    asked_as: ClassVar[str]
    has_choices: ClassVar[bool] = False

    @abstractmethod
    def parse(self, text: str, field: Typed, reading: Reading) -> Any:
        """Return the value as it is kept in JSON; raise ValueRefused."""

    @abstractmethod
    def sql(self, kept: Any) -> ColumnElement[Any]:
        """Return what is kept, a JSON column's element, as a value of this kind, NULL where it is none.

        A field may be removed and made again with another kind, and values stay: whatever is kept, no query fails.
        """

    def accept(self, value: Any, field: Typed, reading: Reading = USUAL) -> Any:
        """Return what a program or a form says as it is kept, None for nothing; raise ValueRefused."""
        text = str(value).strip() if value is not None else ""
        return self.parse(text, field, reading) if text else None

    def written(self, value: Any) -> str:
        """Return the value as it is typed and as files hold it; read again it is the same."""
        return "" if value is None else str(value)


def line(text: str) -> str:
    """Return the text as one line; raise ValueRefused where it is too long."""
    clean = values.one_line(text)
    if len(clean) > LONGEST_TEXT:
        raise ValueRefused(N_("This text is too long."))
    return clean
