"""The base of conditions on one field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.conditions.condition import Condition
from app.conditions.limits import Name

TEXTS = frozenset(("text",))
CHOSEN = frozenset(("choice", "code"))
NUMBERS = frozenset(("number",))
DATES = frozenset(("date", "time"))
BOOLEANS = frozenset(("boolean",))
MONEY = frozenset(("money",))
SELECTIONS = frozenset(("choices",))
REFERENCES = frozenset(("reference",))
ANY_KIND = TEXTS | CHOSEN | NUMBERS | DATES | BOOLEANS | MONEY | SELECTIONS | REFERENCES


@dataclass(frozen=True)
class OnField(Condition):
    """A condition on one field, which the builder offers under each field of its questions' kinds."""

    subject: ClassVar[None] = None

    field: Name

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.field,)
