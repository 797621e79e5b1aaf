"""Activities go when the workspace keeps them no longer, unless a segment still asks for them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.customers.profiles import engagement
from app.customers.timeline import activities, activity_queries, retention
from app.customers.timeline.activities import EARLIEST, ActivityRow
from app.customers.timeline.activity_queries import VERDICTS
from app.customers.timeline.event_names import EventName, Source
from app.kernel.database import Database
from app.kernel.services import Services
from app.segments import jobs, segments
from app.segments.rules import AllOf, AnyOf, Not, Rule
from app.segments.segments import SegmentChange
from tests.factories import NOON
from tests.factories.conditions import Did, HasTag, Purchased, WithinLast
from tests.factories.customers import a_customer, a_response
from tests.factories.segments.any_rule import some_rule
from tests.factories.segments.people import many_customers
from tests.factories.workspaces import WorkspaceForTests, a_workspace

QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
OLD_DAY = date(2020, 3, 1)


def saved(session: Session, workspace: WorkspaceForTests, *asked: Rule) -> None:
    """Segments of these rules."""
    for number, rule in enumerate(asked):
        segments.save(session, workspace.id, SegmentChange(f"Segment {number}", rule), staff_id=None, now=NOON)


def days_ago(days: int) -> datetime:
    return NOON - timedelta(days=days)


@pytest.mark.usefixtures("no_other_workspaces")
def test_what_is_older_than_the_workspace_keeps_is_deleted(services: Services, workspace: WorkspaceForTests) -> None:
    """Unless a segment asks for it; and the sums stay."""
    now = services.clock.now()
    with services.database.transaction(workspace.id) as session:
        ada_id = a_customer(session, workspace.id).id
        hits = [a_response(ada_id, at=now - timedelta(days=d))._replace(send_id=d) for d in (10, 500, 900)]
        activities.record_hits(session, workspace.id, hits, version=1, now=now)
        workspaces.get(session, workspace.id).activity_months = 13
    jobs.delete_expired_activities(services)

    with services.database.transaction(workspace.id) as session:
        assert session.scalar(text("SELECT count(*) FROM activities")) == 1
        assert engagement.get(session, workspace.id, ada_id).click_count == 3


@pytest.mark.parametrize(
    ("rule", "needed"),
    [
        (HasTag("vip"), None),
        (WithinLast("latest_click_at", 900), None),
        (Purchased("count", 2, 900), None),
        # That it happened at all stands beside the customer.
        (Did("click", 1), None),
        (Did("click", 0, 900, at_most=0), None),
        (Did("click", 2, 900), days_ago(900)),
        (Did("click", 1, 900, "any"), days_ago(900)),
        (Did("signup", 1, 900), days_ago(900)),
        (Did("event", 3, since=OLD_DAY), datetime(2020, 3, 1, tzinfo=ZoneInfo("Europe/Berlin"))),
        (Did("event", 3, since=OLD_DAY, until=date(2020, 4, 1)), datetime(2020, 2, 29, 23, tzinfo=UTC)),
        (Did("click", 1, until=OLD_DAY), EARLIEST),
        (Did("open", 2), EARLIEST),
        (Did("unsubscribe", 0, at_most=0), EARLIEST),
        (AllOf((HasTag("vip"), Not(AnyOf((Did("click", 2, 30), Did("open", 2, 900)))))), days_ago(900)),
    ],
)
def test_what_a_segment_asks_for_is_kept(
    session: Session, workspace: WorkspaceForTests, rule: Rule, needed: datetime | None
) -> None:
    """The workspace keeps thirteen months; whichever begins earlier counts."""
    workspace_row = workspaces.get(session, workspace.id)
    workspace_row.activity_months, workspace_row.time_zone = 13, "Europe/Berlin"
    saved(session, workspace, Did("click", 2, 30), rule)
    found = segments.needs_activities_since(session, workspace.id, now=NOON)
    thirteen_months = datetime(2025, 2, 1, tzinfo=UTC)

    assert found == (needed or days_ago(30))
    kept = None if needed == EARLIEST else min(needed or thirteen_months, thirteen_months)
    assert retention.cutoff(session, workspace.id, needed=found, now=NOON) == kept


def test_no_segment_needs_nothing(session: Session, workspace: WorkspaceForTests) -> None:
    workspaces.get(session, workspace.id).activity_months = 13

    assert segments.needs_activities_since(session, workspace.id, now=NOON) is None
    assert retention.cutoff(session, workspace.id, needed=None, now=NOON) == datetime(2025, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "stored",
    [
        {"type": "visited", "days": 30},
        {"type": "did", "kind": "click", "at_least": "often"},
        {"type": "did", "kind": "click", "at_least": 2, "days": 30, "since": "2020-03-01"},
    ],
)
def test_everything_is_kept_while_a_segment_cannot_be_read(
    session: Session, workspace: WorkspaceForTests, stored: dict[str, object]
) -> None:
    saved(session, workspace, HasTag("vip"))
    changed = text("UPDATE segments SET rules = CAST(:rules AS jsonb) WHERE workspace_id = :w")
    session.execute(changed, {"rules": json.dumps(stored), "w": workspace.id})

    assert segments.needs_activities_since(session, workspace.id, now=NOON) == EARLIEST


@settings(max_examples=12, deadline=None, suppress_health_check=QUIET)
@given(data=st.data())
def test_whoever_is_in_a_segment_stays_in_it(database: Database, data: st.DataObject) -> None:
    """Whatever rule is stored: nobody comes or goes because what it does not ask for was deleted."""
    workspace = a_workspace(database, name="Kept", now=NOON)
    rule = data.draw(some_rule(workspace.topic_id))
    with database.transaction(workspace.id) as session:
        many_customers(session, workspace.id, workspace.topic_id, seed=data.draw(st.integers(0, 5)), count=12)
        saved(session, workspace, rule)
        members = segments.matches_query(session, workspace.id, rule, now=NOON)
        before = set(session.scalars(members))
        needed = segments.needs_activities_since(session, workspace.id, now=NOON)
        retention.delete_before(session, workspace.id, needed or NOON + timedelta(days=400), limit=10_000)

        assert set(session.scalars(members)) == before


WHAT = [
    (EventName.CLICKED, Source.TRACKING, VERDICTS),
    (EventName.OPENED, Source.TRACKING, VERDICTS),
    (EventName.BOUNCED, Source.DELIVERY, (None,)),
]
CUSTOMERS, SENDS = (901, 902, 903), (801, 802, None)
# A link is one send's.
LINKS = {801: (701, 702, None), 802: (703, 704, None), None: (None,)}


@st.composite
def responses(draw: st.DrawFn, workspace_id: int) -> ActivityRow:
    """Something a customer did with the mail of a send, or with none."""
    name, source, verdicts = draw(st.sampled_from(WHAT))
    send_id = draw(st.sampled_from(SENDS))
    return ActivityRow(
        workspace_id,
        draw(st.sampled_from(CUSTOMERS)),
        days_ago(draw(st.integers(0, 60))),
        name,
        source,
        send_id=send_id,
        link_id=draw(st.sampled_from(LINKS[send_id])) if name == EventName.CLICKED else None,
        verdict=draw(st.sampled_from(verdicts)),
    )


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(data=st.data())
def test_what_a_send_came_to_stays_when_its_activities_go(
    session: Session, workspace: WorkspaceForTests, data: st.DataObject
) -> None:
    """Whatever was done, wherever the bound lies as it moves on, and however few rows go at a time."""
    for table in ("activities", "expired_send_responses", "expired_link_clicks"):
        session.execute(text(f"DELETE FROM {table}"))
    rows = data.draw(st.lists(responses(workspace.id), max_size=30))
    activities.record_many(session, rows, now=NOON)
    sends = [send for send in SENDS if send]
    people = activity_queries.people_by_event(session, workspace.id, sends)
    clickers = activity_queries.clickers_by_link(session, workspace.id, sends)
    for days in sorted(data.draw(st.lists(st.integers(-1, 60), min_size=1, max_size=4)), reverse=True):
        while retention.delete_before(session, workspace.id, days_ago(days), limit=data.draw(st.integers(1, 5))):
            pass
        found = activity_queries.clickers_by_link(session, workspace.id, sends)

        assert activity_queries.people_by_event(session, workspace.id, sends) == people
        assert {link: found.get(link) for link in clickers if link} == {k: v for k, v in clickers.items() if k}
        old = [row for row in rows if row.at < days_ago(days)]
        young = {(row.customer_id, row.send_id, row.name) for row in rows if row.at >= days_ago(days) and row.send_id}
        held = [row for row in old if (row.customer_id, row.send_id, row.name) in young]
        assert session.scalar(text("SELECT count(*) FROM activities")) == len(rows) - len(old) + len(held)
