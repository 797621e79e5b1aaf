"""Questions to rows people have many of, such as activities: each asked once, all to one table in one pass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import TIMESTAMP, ColumnElement, Select, any_, literal_column
from sqlalchemy.types import TypeEngine

from app.kernel.sql import moments

Question = TypeVar("Question", bound=Hashable)


class Lookup(ABC, Generic[Question]):
    """What one rule asks of one table.

    It may also be asked when time alone next changes an answer (`next_change`), where its `query` offers `_changes`:
    a column for each question that is timed, over rows of times to come as well.

    A subclass offers a method for each kind of question, which returns `_asked(...)`: a column with the answer for each
    customer, NULL where there are no rows.
    """

    # Its alias in the statement, which no other lookup has.
    name: ClassVar[str]

    def __init__(self, workspace_id: int, *, until: datetime) -> None:
        self._workspace_id = workspace_id
        self._until = until
        self._questions: dict[Question, int] = {}
        # How long rows of a question count, by its number; None: for ever.
        self._timed: dict[int, timedelta | None] = {}

    def __len__(self) -> int:
        """Return how many different questions there are."""
        return len(self._questions)

    def next_change(self, question: Question, *, stays: timedelta | None) -> ColumnElement[datetime]:
        """Return when rows next enter or leave what this asks, which counts them for so long."""
        number = self._questions.setdefault(question, len(self._questions))
        self._timed[number] = stays
        return literal_column(f"{self.name}.t{number}", TIMESTAMP(timezone=True))

    def _changes(
        self, at: ColumnElement[Any], inside: Callable[[Question], Sequence[ColumnElement[bool]]]
    ) -> list[ColumnElement[Any]]:
        """Return the columns of what is timed; `inside` is what rows of a question are found by.

        A query that has any reads rows of times to come as well.
        """
        numbered = {number: question for question, number in self._questions.items()}
        return [
            moments.window_moves(at, inside(numbered[number]), self._until, stays=stays).label(f"t{number}")
            for number, stays in self._timed.items()
        ]

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
