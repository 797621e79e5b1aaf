"""The conditions an installation knows, an extension that wiring makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.conditions.condition import Condition, Question, Subject
from app.conditions.references import Reference
from app.customers.profiles.fields import FieldInfo


@dataclass(frozen=True)
class Offer:
    """A condition and one way to ask it."""

    condition: type[Condition]
    question: Question

    @property
    def help(self) -> str:
        """Return the sentence that explains what is asked."""
        return self.question.help or self.condition.help

    @property
    def is_explained(self) -> bool:
        """Say whether the page shows that sentence, not only to those who ask for it."""
        return bool(self.question.help) or self.condition.shows_help


class ConditionTypes:
    """Every kind of condition, in the order they are offered. Fixed once it is made."""

    def __init__(self, conditions: Iterable[type[Condition]] = ()) -> None:
        self._by_type: dict[str, type[Condition]] = {}
        self.subjects: dict[str, Subject] = {}
        self._offers: list[Offer] = []
        for condition in conditions:
            if self._by_type.setdefault(condition.type, condition) is not condition:
                raise ValueError(f"two conditions are called {condition.type}")
            if condition.subject:
                self.subjects.setdefault(condition.subject.name, condition.subject)
            self._offers += [Offer(condition, question) for question in condition.questions]

    def __iter__(self) -> Iterator[type[Condition]]:
        return iter(self._by_type.values())

    def find(self, name: object) -> type[Condition] | None:
        """Return the condition of this type, None where there is none."""
        return self._by_type.get(name) if isinstance(name, str) else None

    @property
    def references(self) -> dict[str, Reference]:
        """Return everything the conditions refer to, by kind."""
        return {reference.kind: reference for condition in self for reference in condition.references}

    def offers(self, subject: str, fields: Mapping[str, FieldInfo]) -> list[Offer]:
        """Return what can be asked about this subject; a field that is gone is asked like text."""
        if subject in self.subjects:
            return [each for each in self._offers if each.condition.subject and each.condition.subject.name == subject]
        info = fields.get(subject)
        kind, group = (kind_of(info), info.group) if info else ("text", "custom")
        return [
            each
            for each in self._offers
            if kind in each.question.kinds and (not each.question.groups or group in each.question.groups)
        ]

    def offer(self, subject: str, op: str, fields: Mapping[str, FieldInfo]) -> Offer:
        """Return the question asked, or the first one there is if none is.

        A question that no longer fits, because the field is gone or of another kind now, stays what it was: the author
        is told, and decides.
        """
        offered = self.offers(subject, fields)
        anything = offered if subject in self.subjects else [*offered, *self._on_fields()]
        return next((each for each in anything if each.question.op == op), anything[0])

    def shown(self, condition: type[Condition], values: Mapping[str, Any], *, is_negated: bool) -> Offer | None:
        """Return the way to ask that stands for a condition of these JSON values, None if there is none."""
        fitting = (
            Offer(condition, question)
            for question in condition.questions
            if question.is_negated == is_negated
            and all(values.get(name) == value for name, value in question.values.items())
        )
        return next(fitting, None)

    def _on_fields(self) -> list[Offer]:
        return [each for each in self._offers if each.condition.subject is None]


def kind_of(info: FieldInfo) -> str:
    """Return the kind of question that can be put to a field: its own kind, or `code` where values are codes."""
    return "code" if info.codes else info.kind
