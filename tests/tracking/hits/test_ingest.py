"""Every answered hit is stored once, judged, and only where the person allowed it."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.consent import actions
from app.consent.ledger.evidence import Evidence
from app.customers.profiles import engagement
from app.kernel.database import Database
from app.kernel.queueing.outbox import Listeners, OutboxRow
from app.kernel.services import Services
from app.tracking.facts import HumanResponded
from app.tracking.hits import ingest, rescoring
from app.tracking.hits.storing import SentTimes
from app.tracking.links import links
from app.tracking.models import UntrackedHits
from app.tracking.tokens import ClickToken, OpenToken
from tests.factories.application.extending import carrying, extended
from tests.factories.tracking import (
    FIREFOX,
    TRACKING,
    a_hit,
    a_hit_endpoint,
    a_tracked_customer,
    hits_of,
    spool_up,
    visit,
)
from tests.factories.workspaces import WorkspaceForTests


def test_a_click_reaches_timeline_and_sums(
    services: Services, database: Database, workspace: WorkspaceForTests, ada: int
) -> None:
    now = services.clock.now()
    spool_up(services, [a_hit("click", ada, workspace_id=workspace.id, at=now)])

    assert ingest.ship(services) == 1
    with database.transaction(workspace.id) as session:
        sums = engagement.get(session, workspace.id, ada)
        assert hits_of(session, workspace.id) == [("clicked", "human")]
        assert (sums.click_count, sums.latest_click_at, sums.latest_human_at) == (1, now, now)


def test_a_young_hit_waits_for_those_near_it(services: Services, workspace: WorkspaceForTests, ada: int) -> None:
    now = services.clock.now()
    ages = (timedelta(seconds=5), timedelta(seconds=0.2))
    spool_up(services, [a_hit("click", ada, workspace_id=workspace.id, at=now - age) for age in ages])

    assert ingest.ship(services, settled_for=ingest.SETTLE) == 1


def test_every_url_fetched_by_a_scanner_convinces_nobody(
    services: Services, database: Database, workspace: WorkspaceForTests, ada: int
) -> None:
    """Golden case 1: every URL by GET and HEAD from ten addresses; no verdict is human and nothing changes."""
    with database.transaction(workspace.id) as session:
        links.register(session, workspace.id, 7, ["https://a.test/", "https://b.test/"], now=services.clock.now())
        before = engagement.get(session, workspace.id, ada)
        state = (before.latest_human_at, before.latest_click_at, before.click_count)
    ids = {"message_id": 5, "send_id": 7, "customer_id": ada}
    click = ClickToken(workspace.id, **ids).encode(services.tokens)
    image = OpenToken(workspace.id, **ids).encode(services.tokens)
    endpoint = a_hit_endpoint(services, services.settings.spool_dir)
    for network in range(10):
        for path in (f"/t/c/{click}/0", f"/t/c/{click}/1"):
            for method in ("GET", "HEAD"):
                visit(endpoint, path, method=method, ip=f"198.51.{network}.9", agent=FIREFOX)
        services.clock.advance(timedelta(seconds=20))  # type: ignore[attr-defined]
        ingest.ship(services)
    visit(endpoint, f"/t/o/{image}.gif", agent="Mozilla/5.0")
    ingest.ship(services)

    with database.transaction(workspace.id) as session:
        stored = hits_of(session, workspace.id)
        assert len(stored) == 41
        assert "human" not in {verdict for _, verdict in stored}
        after = engagement.get(session, workspace.id, ada)
        assert (after.latest_human_at, after.latest_click_at, after.click_count) == state
        assert after.machine_count == 41


def test_hits_that_come_later_take_a_verdict_back(
    services: Services, database: Database, workspace: WorkspaceForTests, ada: int
) -> None:
    now = services.clock.now()
    spool_up(services, [a_hit("click", ada, workspace_id=workspace.id, at=now, link_id=1)])
    ingest.ship(services)
    services.clock.advance(timedelta(seconds=2))  # type: ignore[attr-defined]
    later = now + timedelta(seconds=0.5)
    spool_up(services, [a_hit("click", ada, workspace_id=workspace.id, at=later, link_id=2)])
    ingest.ship(services)

    with database.transaction(workspace.id) as session:
        sums = engagement.get(session, workspace.id, ada)
        assert hits_of(session, workspace.id) == [("clicked", "scanner"), ("clicked", "scanner")]
        assert (sums.click_count, sums.machine_count, sums.latest_human_at) == (0, 2, None)


def test_after_withdrawal_the_image_is_the_same_and_nothing_is_stored(
    services: Services, database: Database, workspace: WorkspaceForTests, ada: int
) -> None:
    """Golden case 11."""
    image = OpenToken(workspace.id, message_id=5, send_id=7, customer_id=ada).encode(services.tokens)
    endpoint = a_hit_endpoint(services, services.settings.spool_dir)
    before = visit(endpoint, f"/t/o/{image}.gif")
    ingest.ship(services)
    with database.transaction(workspace.id) as session:
        for purpose in TRACKING:
            actions.withdraw(
                session,
                workspace.id,
                ada,
                purpose=purpose,
                evidence=Evidence(method="preference_page"),
                now=services.clock.now(),
            )
    services.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]
    after = visit(endpoint, f"/t/o/{image}.gif")
    ingest.ship(services)

    assert before == after
    with database.transaction(workspace.id) as session:
        sums = engagement.get(session, workspace.id, ada)
        assert len(hits_of(session, workspace.id)) == 1
        assert sums.open_count == 1
        assert sums.latest_open_at == services.clock.now() - timedelta(days=1)
        silent = session.scalars(select(UntrackedHits).where(UntrackedHits.workspace_id == workspace.id)).all()
        assert [(row.send_id, row.kind, row.count) for row in silent] == [(7, "open", 1)]


def test_bots_do_not_steer(services: Services, database: Database, workspace: WorkspaceForTests) -> None:
    """Golden case 23: with scanners and privacy proxies mixed in, what decisions read is as without them."""
    services = extended(services, Listeners({HumanResponded: ["journeys.advance"]}))
    now, random = services.clock.now(), Random(7)
    with database.transaction(workspace.id) as session:
        twins = [
            tuple(
                a_tracked_customer(session, workspace.id, email=f"{kind}{number}@example.com", now=now)
                for kind in ("quiet", "noisy")
            )
            for number in range(20)
        ]
    hits = []
    for number, (quiet, noisy) in enumerate(twins):
        at = now - timedelta(hours=random.randrange(1, 200))
        if random.random() < 0.5:
            hits += [a_hit("click", who, workspace_id=workspace.id, at=at, message_id=who) for who in (quiet, noisy)]
        if random.random() < 0.5:
            proxy = {"agent": "Mozilla/5.0", "message_id": noisy}
            hits.append(a_hit("open", noisy, workspace_id=workspace.id, at=now, **proxy))
        if random.random() < 0.3:
            scanner = {"workspace_id": workspace.id, "message_id": 10_000 + number}
            hits += [a_hit("click", noisy, at=now - timedelta(seconds=n / 5), link_id=n, **scanner) for n in range(5)]
    spool_up(services, hits)
    ingest.ship(services)

    with database.transaction(workspace.id) as session:
        facts = session.scalars(select(OutboxRow.args).where(OutboxRow.name == "journeys.advance")).all()
        told = {told for fact in facts if fact["workspace_id"] == workspace.id for told in fact["customer_ids"]}
        for quiet, noisy in twins:
            assert steering(session, workspace.id, quiet) == steering(session, workspace.id, noisy)
            assert (quiet in told) == (noisy in told)


def steering(session: Session, workspace_id: int, customer_id: int) -> tuple[object, ...]:
    """Return everything about a customer that cadence, scores and journeys may read of their answers."""
    sums = engagement.get(session, workspace_id, customer_id)
    return (sums.latest_open_at, sums.latest_click_at, sums.latest_human_at, sums.open_count, sums.click_count)


def test_one_purpose_does_not_imply_the_other(
    services: Services, database: Database, workspace: WorkspaceForTests
) -> None:
    now = services.clock.now()
    with database.transaction(workspace.id) as session:
        bob = a_tracked_customer(session, workspace.id, email="bob@example.com", purposes=["click_tracking"], now=now)
    spool_up(services, [a_hit(kind, bob, workspace_id=workspace.id, at=now) for kind in ("open", "click")])
    ingest.ship(services)

    with database.transaction(workspace.id) as session:
        assert hits_of(session, workspace.id) == [("clicked", "human")]


def test_a_person_is_news_once_a_batch_and_a_machine_never(
    services: Services,
    database: Database,
    workspace: WorkspaceForTests,
    ada: int,
) -> None:
    services = extended(services, Listeners({HumanResponded: ["journeys.advance"]}))
    now = services.clock.now()
    with database.transaction(workspace.id) as session:
        bob = a_tracked_customer(session, workspace.id, email="bob@example.com", now=now)
    hits = [a_hit("click", ada, workspace_id=workspace.id, at=now - timedelta(minutes=n)) for n in range(3)]
    spool_up(services, [*hits, a_hit("click", bob, workspace_id=workspace.id, at=now, agent="curl/8")])
    ingest.ship(services)

    with database.transaction(workspace.id) as session:
        facts = session.scalars(select(OutboxRow.args).where(OutboxRow.name == "journeys.advance")).all()
        ours = [fact for fact in facts if fact["workspace_id"] == workspace.id]
        assert [(fact["customer_ids"], fact["kind"]) for fact in ours] == [([ada], "click")]


def test_a_click_right_after_delivery_is_a_scanner(
    services: Services,
    database: Database,
    workspace: WorkspaceForTests,
    ada: int,
) -> None:
    now = services.clock.now()
    sent = now - timedelta(seconds=1)
    services = extended(services, SentTimes((lambda session, workspace_id, ids, since: dict.fromkeys(ids, sent),)))
    spool_up(services, [a_hit("click", ada, workspace_id=workspace.id, at=now)])
    ingest.ship(services)

    with database.transaction(workspace.id) as session:
        assert hits_of(session, workspace.id) == [("clicked", "scanner")]


def test_rescoring_follows_the_rules_of_today(
    services: Services,
    database: Database,
    workspace: WorkspaceForTests,
    ada: int,
) -> None:
    now = services.clock.now()
    spool_up(services, [a_hit("click", ada, workspace_id=workspace.id, at=now)])
    ingest.ship(services)
    later = carrying(database, SentTimes((lambda session, workspace_id, ids, since: dict.fromkeys(ids, now),)))
    with later.transaction(workspace.id) as session:
        changed = rescoring.rescore(session, workspace.id, now=now)
        again = rescoring.rescore(session, workspace.id, now=now)

        assert (changed, again) == (1, 0)
        assert hits_of(session, workspace.id) == [("clicked", "scanner")]
        assert engagement.get(session, workspace.id, ada).latest_human_at is None
