"""Questions to rows people have many of, such as activities: each asked once, all to one table in one pass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, any_, literal_column
from sqlalchemy.types import TypeEngine

Question = TypeVar("Question", bound=Hashable)


class Lookup(ABC, Generic[Question]):
    """What one rule asks of one table.

    A subclass offers a method for each kind of question, which returns `_asked(...)`: a column with the answer for each
    customer, NULL where there are no rows.
    """

    # Its alias in the statement, which no other lookup has.
    name: ClassVar[str]

    def __init__(self, workspace_id: int, *, until: datetime) -> None:
        self._workspace_id = workspace_id
        self._until = until
        self._questions: dict[Question, int] = {}

    def __len__(self) -> int:
        """Return how many different questions there are."""
        return len(self._questions)

    @abstractmethod
    def query(self) -> Select[Any]:
        """Return (customer_id, n0, n1, ...): the answers in the order the questions were asked."""

    def _asked(self, question: Question, kind: type[TypeEngine[Any]]) -> ColumnElement[Any]:
        number = self._questions.setdefault(question, len(self._questions))
        return literal_column(f"{self.name}.n{number}", kind)


L = TypeVar("L", bound="Lookup[Any]")


class Lookups:
    """Every lookup of one rule, made when it is first asked."""

    def __init__(self, workspace_id: int, *, until: datetime) -> None:
        self._workspace_id = workspace_id
        self._until = until
        self._made: dict[type[Lookup[Any]], Lookup[Any]] = {}
        self._others = 0

    def __len__(self) -> int:
        """Return how many times rows of everybody are read: what a rule costs."""
        return self._others + sum(len(lookup) for lookup in self._made.values())

    def of(self, kind: type[L]) -> L:
        """Return the rule's lookup of this kind."""
        made = self._made.setdefault(kind, kind(self._workspace_id, until=self._until))
        assert isinstance(made, kind)
        return made

    def count_other(self, times: int = 1) -> None:
        """Note that a condition reads rows of everybody in a way of its own."""
        self._others += times

    def join(
        self, query: Select[int], customer_id: ColumnElement[int], *, among: ColumnElement[Any] | None = None
    ) -> Select[int]:
        """Return the query of customers with the answers beside each of them; only rows of those `among` are read."""
        for lookup in sorted(self._made.values(), key=lambda lookup: lookup.name):
            asked = lookup.query()
            if among is not None:
                asked = asked.where(next(iter(asked.selected_columns)) == any_(among))
            answers = asked.subquery(lookup.name)
            query = query.outerjoin(answers, answers.c.customer_id == customer_id)
        return query
