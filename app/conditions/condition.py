"""The base of every condition: what it is called, how the builder asks for it, its SQL and its sentence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, ClassVar

from pydantic import ConfigDict
from sqlalchemy import ColumnElement

from app.conditions.context import ConditionContext
from app.conditions.description import Description
from app.conditions.inputs import Input
from app.conditions.references import Reference


@dataclass(frozen=True)
class Subject:
    """Something to ask about that is no field: its name in forms, its label, and the group of the menu it is in."""

    name: str
    label: str
    group: str


@dataclass(frozen=True)
class Question:
    """One way in which the builder asks a condition.

    `op` names it in forms, `label` on the page. `values` are parts of the condition that choosing it settles; `inputs`
    fill in the rest. With `is_negated` it stands for the condition's opposite. On conditions on fields, `kinds` are the
    kinds of field it is offered for, and `groups` those of its groups where it is not offered in all of them.
    """

    op: str
    label: str
    inputs: tuple[Input, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    is_negated: bool = False
    kinds: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    # A sentence beside its inputs, where this question is to be explained and not the condition as a whole.
    help: str = ""


@dataclass(frozen=True)
class Condition(ABC):
    """Something that is so or not of one customer.

    A subclass is a frozen dataclass whose annotated fields, pydantic types, are its parts in JSON beside `type`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    # Its name in JSON; it never changes, because kept rules use it.
    type: ClassVar[str]
    # What the builder lists it under; None for conditions on a field, which are found under each field.
    subject: ClassVar[Subject | None]
    questions: ClassVar[tuple[Question, ...]]
    # A sentence for whoever chooses it, as a message id, and its parts in JSON as an example.
    help: ClassVar[str]
    # Whether the page shows that sentence beside the inputs: where the question alone could be misread.
    shows_help: ClassVar[bool] = False
    example: ClassVar[Mapping[str, Any]]
    # Whether `next_change` tells when time alone changes the answer. Watched segments with a condition that changes
    # with time and does not tell are evaluated as a whole, again and again.
    is_foreseen: ClassVar[bool] = False
    # What of the workspace its inputs choose from and its sentence names, beside fields.
    references: ClassVar[tuple[Reference, ...]] = ()

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the names of the fields that `to_sql` takes from its context."""
        return ()

    @property
    def changes_with_time(self) -> bool:
        """Say whether the answer may change although nothing about the customer does: it looks so many days back."""
        return getattr(self, "days", None) is not None

    def next_change(self, context: ConditionContext) -> ColumnElement[datetime] | None:  # noqa: ARG002
        """Return of each customer the first moment to come at which time alone may change the answer, NULL where none
        will; None where time changes nothing, or where `is_foreseen` says that nobody can tell.
        """
        return None

    def needs_activities_since(self, now: datetime, zone: tzinfo) -> datetime | None:  # noqa: ARG002
        """Return from when on activities must be kept for it, None where it reads none; raise ConditionInvalid."""
        return None

    @abstractmethod
    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        """Return the condition over the customers of the context, with bound values only; raise ConditionInvalid."""

    @abstractmethod
    def describe(self, description: Description) -> str:
        """Return the condition as a part of a sentence, in the reader's language."""
