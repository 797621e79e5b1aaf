"""Activities lie in the partition of their month, and none is lost because a month lacks one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.timeline import activities, activity_queries, partitions, retention, timeline
from app.customers.timeline.activities import ActivityRow, EventTimeRefused
from app.customers.timeline.activity_queries import EventCount
from app.customers.timeline.event_names import Source
from app.kernel.database import Database
from tests.factories import NOON
from tests.factories.application.partitions import drop_all, make_all
from tests.factories.customers import a_customer
from tests.factories.workspaces import WorkspaceForTests

_ANY_TIME = st.datetimes(datetime(1970, 1, 1), NOON.replace(tzinfo=None) + timedelta(days=366), timezones=st.just(UTC))


def an_event(workspace: WorkspaceForTests, customer_id: int, at: datetime, name: str = "Visited") -> ActivityRow:
    return ActivityRow(workspace.id, customer_id, at, name, Source.API)


def partitions_of(session: Session) -> list[tuple[str, datetime]]:
    rows = session.execute(text("SELECT tableoid::regclass::text AS partition, at FROM activities ORDER BY at"))
    return [(row.partition, row.at) for row in rows]


QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@settings(max_examples=10, deadline=None, suppress_health_check=QUIET)
@given(times=st.lists(_ANY_TIME, min_size=1, max_size=12))
def test_every_event_is_kept_where_it_belongs(
    session: Session, workspace: WorkspaceForTests, times: list[datetime]
) -> None:
    """Before and after the maintenance all are there; months it makes hold all of their own."""
    ada = a_customer(session, workspace.id)
    before = len(partitions_of(session))
    activities.record_many(session, [an_event(workspace, ada.id, at) for at in times], now=NOON)
    make_all(session, now=NOON)
    found = partitions_of(session)

    assert len(found) == before + len(times)
    far = [at for partition, at in found if partition == "activities_default"]
    assert all(at < NOON - timedelta(days=60 * 30) for at in far)
    near = [(partition, at) for partition, at in found if partition != "activities_default"]
    assert [partition for partition, _ in near] == [f"activities_{at:%Y_%m}" for _, at in near]


@pytest.mark.parametrize("at", [datetime(1969, 12, 31, 23, tzinfo=UTC), NOON + timedelta(days=367)])
def test_a_time_that_cannot_be_is_refused(session: Session, workspace: WorkspaceForTests, at: datetime) -> None:
    ada = a_customer(session, workspace.id)
    with pytest.raises(EventTimeRefused):
        activities.record_many(session, [an_event(workspace, ada.id, NOON), an_event(workspace, ada.id, at)], now=NOON)

    assert partitions_of(session) == []


def test_maintaining_twice_changes_nothing(session: Session) -> None:
    """The months that mail is sent in come before those that old events wait for."""
    first = make_all(session, now=NOON)
    drop_all(session, now=NOON)

    assert first[0] == f"activities_{NOON:%Y_%m}"
    assert (make_all(session, now=NOON), drop_all(session, now=NOON)) == ([], [])


def test_months_that_come_are_made_before_those_that_were(session: Session, workspace: WorkspaceForTests) -> None:
    ada = a_customer(session, workspace.id)
    activities.record_many(session, [an_event(workspace, ada.id, NOON - timedelta(days=500))], now=NOON)
    made = make_all(session, now=NOON)

    assert made.index(f"activities_{NOON:%Y_%m}") < made.index(f"activities_{NOON - timedelta(days=500):%Y_%m}")


def test_an_old_month_that_is_busy_goes_another_day(database: Database) -> None:
    """Whoever drops waits a second for whoever reads; then nothing fails, and what was made before stays."""
    past, later = datetime(2001, 1, 15, tzinfo=UTC), datetime(2002, 3, 1, tzinfo=UTC)
    with database.transaction() as session:
        assert partitions.make_next(session, now=past) == "activities_2001_01"
    with database.transaction() as reader:
        reader.execute(text("SELECT FROM activities WHERE at < '2001-02-01'"))
        with database.transaction() as session:
            assert partitions.drop_next(session, now=later) is None
            assert session.scalar(text("SELECT to_regclass('activities_2001_01') IS NOT NULL"))
    with database.transaction() as session:
        assert partitions.drop_next(session, now=later) == "activities_2001_01"


def test_an_old_month_goes_when_it_is_empty(session: Session, workspace: WorkspaceForTests) -> None:
    ada = a_customer(session, workspace.id)
    old = [an_event(workspace, ada.id, NOON - timedelta(days=days)) for days in (500, 560)]
    activities.record_many(session, old, now=NOON)
    make_all(session, now=NOON)
    retention.delete_before(session, workspace.id, NOON - timedelta(days=530), limit=10)
    dropped = drop_all(session, now=NOON)

    assert f"activities_{old[1].at:%Y_%m}" in dropped
    assert [at for _, at in partitions_of(session)] == [old[0].at]


def test_a_page_of_a_long_timeline_reads_a_few_rows_of_each_month(
    session: Session, workspace: WorkspaceForTests
) -> None:
    """A hundred thousand rows over five years: what is read for a page depends on neither."""
    ada = a_customer(session, workspace.id)
    months_ago = [an_event(workspace, ada.id, NOON - timedelta(days=20 * n)) for n in range(92)]
    activities.record_many(session, months_ago, now=NOON)
    make_all(session, now=NOON)
    session.execute(_A_LONG_LIFE, {"w": workspace.id, "c": ada.id, "until": NOON, "count": 100_000})
    query = activity_queries.newest_query(workspace.id, ada.id, until=NOON - timedelta(days=400), limit=21)
    bound = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    plan = session.scalar(text(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {bound}"))[0]["Plan"]
    months = session.scalar(text("SELECT count(*) FROM pg_inherits WHERE inhparent = 'activities'::regclass"))
    page = timeline.read(session, workspace.id, ada.id, limit=20)

    assert months > 55
    assert len(page.entries) == 20
    assert _rows_read(plan) <= 21 + months
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] <= 21 * 2 + months * 5


def test_a_named_event_is_counted_by_its_name(session: Session, workspace: WorkspaceForTests) -> None:
    ada = a_customer(session, workspace.id)
    days = (1, 5, 40, 400)
    rows = [an_event(workspace, ada.id, NOON - timedelta(days=day), "viewed_product") for day in days]
    activities.record_many(session, [*rows, an_event(workspace, ada.id, NOON, "Called")], now=NOON)
    asked = [EventCount("viewed_product"), EventCount("viewed_product", NOON - timedelta(days=30)), EventCount(None)]

    counts = session.execute(activity_queries.counts_query(workspace.id, asked, until=NOON)).all()
    assert [tuple(row) for row in counts] == [(ada.id, 4, 2, 5)]



def _rows_read(plan: dict[str, Any]) -> int:
    """Return how many rows all scans of a plan gave or threw away."""
    if "Plans" in plan:
        return sum(_rows_read(part) for part in plan["Plans"])
    loops = plan["Actual Loops"]
    return int((plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * loops)


_A_LONG_LIFE = text(
    """
    INSERT INTO activities (workspace_id, customer_id, at, recorded_at, name, source, verdict)
    SELECT :w, :c, CAST(:until AS timestamptz) - n * interval '26 minutes', :until, 'clicked', 'tracking', 'human'
    FROM generate_series(1, :count) n
    """
)
