"""A link that is opened without end costs no more than its hits, and keeps no others waiting."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from app.customers.profiles import engagement
from app.kernel.database import Database
from app.kernel.services import Services
from app.tracking.hits import ingest, rescoring, stored_hits, tallies, verdicts
from app.tracking.hits.stored_hits import EVENT_NAMES
from app.tracking.hits.verdicts import Hit
from tests.factories import NOON
from tests.factories.tracking import FIREFOX, a_hit, a_tracked_customer, spool_up
from tests.factories.workspaces import WorkspaceForTests


@pytest.fixture
def people(database: Database, workspace: WorkspaceForTests) -> list[int]:
    """Ada, and forty others."""
    with database.transaction(workspace.id) as session:
        return [
            a_tracked_customer(session, workspace.id, email=f"p{number}@example.com", now=NOON) for number in range(41)
        ]


def stored(session: Session) -> dict[tuple[int, str], int]:
    query = "SELECT customer_id, name, count(*) FROM activities WHERE name IN ('clicked', 'opened') GROUP BY 1, 2"
    return {(row[0], row[1]): row[2] for row in session.execute(text(query))}


def flood(services: Services, workspace: WorkspaceForTests, people: list[int], count: int, *, message_id: int) -> None:
    """So many clicks on one link of Ada's, and one of everybody else's among them."""
    start = services.clock.now() - timedelta(hours=1)
    lines = [
        a_hit(
            "click", people[0], workspace_id=workspace.id, at=start + timedelta(milliseconds=10 * n),
            message_id=message_id, link_id=1,
        )
        for n in range(count)
    ]  # fmt: skip
    for number, person in enumerate(people[1:]):
        at = start + timedelta(seconds=number)
        other = a_hit("click", person, workspace_id=workspace.id, at=at, message_id=message_id + 1 + number)
        lines.insert(number * count // 40, other)
    spool_up(services, lines)


def test_hits_on_one_message_are_judged_in_the_time_their_number_takes(
    services: Services, database: Database, workspace: WorkspaceForTests, people: list[int]
) -> None:
    """Twenty thousand took five minutes of processor: each was compared with all, each time some came."""
    looked_at: list[int] = []
    event.listen(
        services.database.engine, "after_cursor_execute", lambda _c, cursor, *_rest: looked_at.append(cursor.rowcount)
    )
    work = []
    for count, message_id in ((5_000, 1_000), (50_000, 2_000)):
        looked_at.clear()
        flood(services, workspace, people, count, message_id=message_id)
        assert ingest.ship(services) == count + 40
        work.append((len(looked_at), sum(rows for rows in looked_at if rows > 0)))

    (few, rows_of_few), (many, rows_of_many) = work
    assert many < 20 * few
    assert rows_of_many < 20 * rows_of_few
    assert rows_of_many < 50_000
    with database.transaction(workspace.id) as session:
        kept = stored(session)
        assert kept[people[0], "clicked"] == 2 * tallies.MOST_KEPT
        assert {kept[person, "clicked"] for person in people[1:]} == {2}
        assert {engagement.get(session, workspace.id, person).click_count for person in people[1:]} == {2}
        beyond = session.scalar(text("SELECT sum(beyond) FROM message_hits"))
        assert beyond == 55_000 - 2 * tallies.MOST_KEPT
        sums = engagement.get(session, workspace.id, people[0])
        assert sums.click_count + sums.machine_count == 55_000


@pytest.mark.parametrize("kind", ["click", "open"])
def test_batches_one_after_the_other_are_counted_together(
    services: Services, database: Database, workspace: WorkspaceForTests, people: list[int], kind: str
) -> None:
    """However slowly they come: the limit is the message's, not the batch's."""
    for batch in range(12):
        start = services.clock.now() - timedelta(minutes=60 - batch)
        spool_up(
            services,
            [
                a_hit(kind, people[0], workspace_id=workspace.id, at=start + timedelta(milliseconds=n), link_id=1)
                for n in range(50)
            ],
        )
        ingest.ship(services)

    with database.transaction(workspace.id) as session:
        assert stored(session) == {(people[0], EVENT_NAMES[kind]): tallies.MOST_KEPT}
        assert session.scalar(text("SELECT beyond FROM message_hits")) == 600 - tallies.MOST_KEPT


def test_a_person_is_heard_after_a_scanner_used_the_limit_up(
    services: Services, database: Database, workspace: WorkspaceForTests, people: list[int]
) -> None:
    """A click that comes alone, hours later, is kept and judged."""
    start = services.clock.now() - timedelta(hours=5)
    scan = [
        a_hit(
            "click", people[0], workspace_id=workspace.id, at=start + timedelta(milliseconds=n), link_id=n % 30 + 1
        )
        for n in range(1_000)
    ]  # fmt: skip
    spool_up(services, scan)
    ingest.ship(services)
    spool_up(services, [a_hit("click", people[0], workspace_id=workspace.id, at=services.clock.now(), link_id=2)])
    ingest.ship(services)

    with database.transaction(workspace.id) as session:
        assert engagement.get(session, workspace.id, people[0]).click_count == 1


def test_what_is_kept_is_judged_anew_and_what_was_counted_stays_counted(
    services: Services, database: Database, workspace: WorkspaceForTests, people: list[int]
) -> None:
    flood(services, workspace, people, 1_000, message_id=1_000)
    ingest.ship(services)
    with database.transaction(workspace.id) as session:
        session.execute(text("UPDATE activities SET verdict = 'unsure', verdict_version = 0 WHERE name = 'clicked'"))
        changed = rescoring.rescore(session, workspace.id, now=services.clock.now())

        assert changed == tallies.MOST_KEPT + 40
        sums = engagement.get(session, workspace.id, people[0])
        assert sums.click_count + sums.machine_count == 1_000
        since = services.clock.now() - timedelta(days=1)
        assert len(stored_hits.since(session, workspace.id, people, since)) == changed


def _each_with_all(hits: list[Hit], number: int) -> list[str]:
    """What the clicks near a click give away, looked up the slow way."""
    hit = hits[number]
    near = [other for other in hits if abs(other.at - hit.at) <= verdicts.NEARBY]
    reasons = []
    if any(other.link_id != hit.link_id and abs(other.at - hit.at) <= verdicts.BURST for other in near):
        reasons.append("several_links_at_once")
    if len({other.ip for other in near}) > verdicts.NETWORKS_OF_A_PERSON:
        reasons.append("many_networks")
    if any(other.method != "GET" for other in near):
        reasons.append("head_nearby")
    return reasons


@pytest.mark.parametrize("seed", range(40))
def test_sliding_over_the_clicks_says_what_comparing_each_with_all_said(seed: int) -> None:
    dice = Random(seed)
    clicks = [
        Hit(
            "click", NOON + timedelta(seconds=dice.choice((0, 0.5, 1, 300, 600, 601, 5_000)) * dice.randint(0, 3)),
            dice.randint(1, 2), dice.choice(("GET",) * 9 + ("HEAD",)), f"192.0.{dice.randint(1, 4)}.0", FIREFOX,
        )
        for _ in range(dice.randint(1, 25))
    ]  # fmt: skip
    judged = verdicts.judge(clicks)

    for number, judgement in enumerate(judged):
        if clicks[number].method == "GET":
            assert list(judgement.reasons) == _each_with_all(clicks, number)
