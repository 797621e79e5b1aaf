"""The sums of many customers are locked in the order of their ids, so that two who write them never deadlock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.profiles import engagement
from app.kernel.database import Database
from tests.factories import NOON
from tests.factories.customers import a_customer
from tests.factories.waiting_locks import until_somebody_waits
from tests.factories.workspaces import WorkspaceForTests

Writer = Callable[[Session, int, list[int]], None]

_TOTALS = """
    SELECT customer_id, count(*) AS orders, 1 AS spent, 1 AS items, now() AS first_at, now() AS latest_at
    FROM (SELECT unnest(CAST(:ids AS bigint[])) AS customer_id) AS bought GROUP BY customer_id
"""

_CUSTOMERS = "SELECT unnest(CAST(:ids AS bigint[]))"


def add_purchases(session: Session, workspace_id: int, ids: list[int]) -> None:
    engagement.add_purchases_of_many(session, workspace_id, _TOTALS, ids=ids)


def set_purchases(session: Session, workspace_id: int, ids: list[int]) -> None:
    engagement.set_purchases_of_many(session, workspace_id, _CUSTOMERS, _TOTALS, ids=ids)


def correct_hits(session: Session, workspace_id: int, ids: list[int]) -> None:
    changed = {customer_id: Counter(open_count=1) for customer_id in ids}
    engagement.correct_hits(session, workspace_id, changed, since=NOON - timedelta(days=1))


@pytest.mark.parametrize("write", [add_purchases, set_purchases, correct_hits])
def test_sums_are_locked_in_the_order_of_customers(
    database: Database, workspace: WorkspaceForTests, write: Writer
) -> None:
    """Whoever waits for the sums of one customer holds those of all before, and of none behind."""
    with database.transaction(workspace.id) as session:
        ids = sorted(a_customer(session, workspace.id).id for _ in range(40))

    def written() -> None:
        with database.transaction(workspace.id) as session:
            write(session, workspace.id, ids[::-1])

    held = text("SELECT customer_id FROM customer_engagement WHERE customer_id = :id FOR UPDATE")
    free = text("SELECT customer_id FROM customer_engagement ORDER BY customer_id FOR UPDATE SKIP LOCKED")
    with ThreadPoolExecutor(1) as pool:
        with database.transaction(workspace.id) as session:
            session.execute(held, {"id": ids[20]})
            running = pool.submit(written)
            until_somebody_waits(database, session)
            with database.transaction(workspace.id) as other:
                found = list(other.scalars(free))
        running.result(timeout=30)

    assert found == ids[21:]
