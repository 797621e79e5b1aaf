"""Queries over purchases and activities for conditions that rollups cannot answer."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Numeric,
    Select,
    Text,
    column,
    func,
    literal_column,
    select,
    table,
    true,
)

# Named here, not imported: these rooms own the rows, and a rule needs to know only these columns of them.
_PURCHASES = table(
    "purchases",
    column("workspace_id", BigInteger),
    column("id", BigInteger),
    column("customer_id", BigInteger),
    column("purchased_at", DateTime(timezone=True)),
    column("amount", Numeric(14, 2)),
    column("currency", Text),
)
_ACTIVITIES = table(
    "activities",
    column("workspace_id", BigInteger),
    column("customer_id", BigInteger),
    column("at", DateTime(timezone=True)),
    column("kind", Text),
    column("verdict", Text),
)


class History:
    """What one rule asks of purchases and activities: every question once, all questions of one table in one pass.

    `bought` and `did` return what to compare, a number per customer, NULL where there is nothing; `join` puts the
    tables they stand in beside the customers, once all has been asked.
    """

    def __init__(self, workspace_id: int, *, until: datetime) -> None:
        self._workspace_id = workspace_id
        self._until = until
        self._bought: dict[tuple[str, datetime], int] = {}
        self._did: dict[tuple[str, datetime | None, bool], int] = {}

    def __len__(self) -> int:
        """Return how many different questions there are."""
        return len(self._bought) + len(self._did)

    def bought(self, measure: str, *, since: datetime) -> ColumnElement[Decimal]:
        """How many purchases (`count`) or how much money (`sum`) since then."""
        number = self._bought.setdefault((measure, since), len(self._bought))
        return literal_column(f"bought.n{number}", Numeric)

    def did(self, kind: str, *, since: datetime | None, human_only: bool) -> ColumnElement[int]:
        """How many activities of a kind since then, or ever; a person's own if asked."""
        number = self._did.setdefault((kind, since, human_only), len(self._did))
        return literal_column(f"did.n{number}", BigInteger)

    def join(self, query: Select[int], customer_id: ColumnElement[int]) -> Select[int]:
        """Return the query of customers with what was asked beside each of them."""
        asked = {"bought": self._bought and self._bought_query, "did": self._did and self._did_query}
        for name, ask in asked.items():
            if ask:
                beside = ask().subquery(name)
                query = query.outerjoin(beside, beside.c.customer_id == customer_id)
        return query

    def _bought_query(self) -> Select[Any]:
        bought = _PURCHASES.c
        # Sums are made in one currency, that of the workspace's first purchase, as those beside a customer are.
        first = _PURCHASES.alias().c
        first_currency = select(first.currency).where(first.workspace_id == self._workspace_id).order_by(first.id)
        usual = first_currency.limit(1).subquery("usual")
        is_usual = bought.currency == usual.c.currency
        counted = [
            (
                func.count().filter(bought.purchased_at >= since)
                if measure == "count"
                else func.sum(bought.amount).filter(bought.purchased_at >= since, is_usual)
            ).label(f"n{number}")
            for (measure, since), number in self._bought.items()
        ]
        earliest = min(since for _measure, since in self._bought)
        return (
            select(bought.customer_id, *counted)
            .select_from(_PURCHASES.join(usual, true()))
            .where(bought.workspace_id == self._workspace_id, bought.purchased_at.between(earliest, self._until))
            .group_by(bought.customer_id)
        )

    def _did_query(self) -> Select[Any]:
        done = _ACTIVITIES.c
        counted = [
            func.count().filter(*self._is_counted(*asked)).label(f"n{number}") for asked, number in self._did.items()
        ]
        query = select(done.customer_id, *counted).where(
            done.workspace_id == self._workspace_id,
            done.kind.in_(sorted({kind for kind, _since, _human in self._did})),
            done.at <= self._until,
        )
        begins = [since for _kind, since, _human in self._did]
        if None not in begins:
            query = query.where(done.at >= min(since for since in begins if since))
        if all(human_only for _kind, _since, human_only in self._did):
            query = query.where(done.verdict == "human")
        return query.group_by(done.customer_id)

    def _is_counted(self, kind: str, since: datetime | None, human_only: bool) -> list[ColumnElement[bool]]:
        done = _ACTIVITIES.c
        found = [done.kind == kind]
        if since is not None:
            found.append(done.at >= since)
        if human_only:
            found.append(done.verdict == "human")
        return found
