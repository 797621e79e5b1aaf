"""Kinds of field with a fixed list: one of several, and several of several."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, case, func

from app.customers.field_kinds.kind import USUAL, FieldKind, Reading, Typed, ValueRefused, line
from app.kernel.translatable import N_

SEPARATORS = frozenset(",;|")
_PARTS = re.compile(r"[,;|\n]")


class ChoiceKind(FieldKind):
    """One of the choices."""

    name = "choice"
    label = N_("One of several")
    asked_as = "choice"
    has_choices = True

    def parse(self, text: str, field: Typed, reading: Reading) -> str:  # noqa: ARG002
        clean = line(text)
        if clean not in field.choices:
            raise ValueRefused(N_("This is not one of the choices."))
        return clean

    def sql(self, kept: Any) -> ColumnElement[Any]:
        found: ColumnElement[Any] = kept.astext
        return found


class MultiChoiceKind(FieldKind):
    """Any number of the choices, kept as a list in the order they are offered."""

    name = "multi_choice"
    label = N_("Multiple choice")
    asked_as = "choices"
    has_choices = True

    def parse(self, text: str, field: Typed, reading: Reading) -> list[str]:  # noqa: ARG002
        return self._chosen([part for part in map(line, _PARTS.split(text)) if part], field.choices)

    def accept(self, value: Any, field: Typed, reading: Reading = USUAL) -> Any:
        if isinstance(value, list | tuple):
            return self._chosen([clean for each in value if (clean := line(str(each)))], field.choices) or None
        return super().accept(value, field, reading) or None

    def sql(self, kept: Any) -> ColumnElement[Any]:
        return case(((func.jsonb_typeof(kept) == "array") & (kept != func.jsonb_build_array()), kept))

    def written(self, value: Any) -> str:
        return ";".join(map(str, value)) if isinstance(value, list) else super().written(value)

    def _chosen(self, named: list[str], choices: Sequence[str]) -> list[str]:
        unknown = next((each for each in named if each not in choices), None)
        if unknown is not None:
            raise ValueRefused(N_("“%(value)s” is not one of the choices."), value=unknown[:100])
        return [each for each in choices if each in named]
