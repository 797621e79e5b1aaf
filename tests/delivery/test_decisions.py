"""Every answer of the gate but a plain send is kept, once, and nobody can rewrite it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Row, exc, text
from sqlalchemy.orm import Session

from app.cadence import policies
from app.cadence.decide import Cap, Policy
from app.cadence.quiet_hours import Hours
from app.consent import suppression
from app.customers.profiles import people
from app.delivery import decisions, history
from app.delivery.launching import launches
from app.delivery.launching.assignments import Arm, Assignment
from app.delivery.sending.store import SendStore
from app.delivery.transitions import batches
from app.kernel.clock import FixedClock
from app.kernel.services import Services
from tests.factories import NOON, delivery
from tests.factories.workspaces import WorkspaceForTests

NIGHT = NOON.replace(hour=23)
QUIET = Policy(cap=None, hours=Hours(quiet_from=NIGHT.replace(hour=21).time(), quiet_until=NOON.replace(hour=8).time()))


def kept(session: Session) -> list[Row[tuple[str, str, bool, int | None]]]:
    """Every decision in order: answer, rule, whether it waits, and the version of the rules."""
    query = text("SELECT answer, rule, until IS NOT NULL, policy_version FROM message_decisions ORDER BY id")
    return list(session.execute(query))


def claim_all(services: Services, workspace: WorkspaceForTests) -> int:
    """Let a sender claim whatever is due in every lane; return how many messages the gate lets through."""
    through = 0
    for lane_id in delivery.lane_ids(services.database, workspace):
        store = SendStore(services, workspace.id, lane_id)
        while (claimed := store.claim()) is not None:
            through += len(claimed)
    return through


def set_rules(services: Services, workspace: WorkspaceForTests, policy: Policy) -> int:
    with services.database.transaction(workspace.id) as session:
        policies.change(session, workspace.id, policy)
        return policies.version(session, workspace.id)


def test_a_wait_is_kept_with_its_rule_and_said_once(
    services: Services, workspace: WorkspaceForTests, clock: FixedClock
) -> None:
    """Asked again in the same night the gate answers the same; the history says it once, and then what came next."""
    clock.advance(NIGHT - NOON)
    version = set_rules(services, workspace, QUIET)
    send_id = delivery.a_launched_send(services.database, workspace, 2)
    claim_all(services, workspace)
    with services.database.transaction(workspace.id) as session:
        session.execute(text("UPDATE messages SET due_at = :now"), {"now": NIGHT})
        batches.enqueue_due(session, workspace.id, now=NIGHT)
    claim_all(services, workspace)
    with services.database.transaction(workspace.id) as session:
        assert kept(session) == [("wait", "waiting:quiet_hours", True, version)] * 2
        waits = decisions.count_waits(session, workspace.id, kind="campaign", source_id=1)
        assert [(each.rule, each.messages) for each in waits] == [("waiting:quiet_hours", 2)]
        ada = people.find_by_email(session, workspace.id, "p0@example.com")
        assert ada
        assert ada.address_digest
        suppression.add(
            *(session, workspace.id),
            address_digest=ada.address_digest,
            reason=suppression.BOUNCED,
            source="test",
            now=NIGHT,
        )
        session.execute(text("UPDATE messages SET due_at = :now"), {"now": NIGHT})
        batches.enqueue_due(session, workspace.id, now=NIGHT)
    claim_all(services, workspace)
    with services.database.transaction(workspace.id) as session:
        (row,) = history.of_customer(session, workspace.id, ada.id)

    assert row.send_id == send_id
    assert [(each.answer, each.rule) for each in row.decisions] == [
        ("drop", "suppressed"),
        ("wait", "waiting:quiet_hours"),
    ]
    assert [each.why for each in row.decisions] == [
        "The address is on the suppression list.",
        "Quiet hours: it waits for the morning where this person lives.",
    ]


def test_a_plain_send_writes_no_decision(services: Services, workspace: WorkspaceForTests) -> None:
    delivery.a_launched_send(services.database, workspace, 3)

    assert claim_all(services, workspace) == 3
    with services.database.transaction(workspace.id) as session:
        assert kept(session) == []


def test_what_waits_is_written_in_one_statement_a_batch(
    services: Services, workspace: WorkspaceForTests, clock: FixedClock
) -> None:
    """Ten thousand deferred cost ten statements, not ten thousand: rows of one command share its number."""
    clock.advance(NIGHT - NOON)
    set_rules(services, workspace, QUIET)
    delivery.a_launched_send(services.database, workspace, 2500)

    assert claim_all(services, workspace) == 0
    with services.database.transaction(workspace.id) as session:
        commands = session.execute(
            text("SELECT xmin::text, cmin::text, count(*) FROM message_decisions GROUP BY 1, 2 ORDER BY 3")
        ).all()
    assert [row[2] for row in commands] == [500, 1000, 1000]


def test_who_is_held_out_is_a_decision_with_its_chance(session: Session, workspace: WorkspaceForTests) -> None:
    crowd = delivery.an_audience(session, workspace, 100)
    send = delivery.a_send(session, workspace)
    assignment = Assignment((Arm(send.id, 1),), holdout=0.5)
    counts = launches.launch_assigned(session, workspace.id, assignment, people.base_query(workspace.id), now=NOON)
    query = text("SELECT answer, rule, propensity, count(*) FROM message_decisions GROUP BY 1, 2, 3")

    assert counts.total == len(crowd)
    assert session.execute(query).all() == [("held_out", "held_out", 0.5, counts.skipped["held_out"])]


_ADD = text(
    "INSERT INTO message_decisions (workspace_id, message_id, send_id, at, answer, rule)"
    " VALUES (:workspace_id, 1, 1, :at, 'drop', 'suppressed')"
)


def test_decisions_are_pruned_when_they_are_old_and_not_before(session: Session, workspace: WorkspaceForTests) -> None:
    """The daily job deletes by the setting; the database keeps everything for thirty days, whatever it is asked."""
    now = session.scalar(text("SELECT now()"))
    assert now
    for days in (500, 60, 5):
        session.execute(_ADD, {"workspace_id": workspace.id, "at": now - timedelta(days=days)})

    assert decisions.prune(session, workspace.id, kept_days=400, now=now) == 1
    assert decisions.prune(session, workspace.id, kept_days=1, now=now) == 1
    session.execute(text("DELETE FROM message_decisions"))
    assert session.scalar(text("SELECT count(*) FROM message_decisions")) == 1


def test_decisions_are_never_rewritten(services: Services, workspace: WorkspaceForTests) -> None:
    with services.database.transaction(workspace.id) as session:
        session.execute(_ADD, {"workspace_id": workspace.id, "at": NOON})
    with (
        pytest.raises(exc.ProgrammingError, match="permission denied"),
        services.database.transaction(workspace.id) as session,
    ):
        session.execute(text("UPDATE message_decisions SET rule = 'waiting:cap'"))


def test_each_change_of_the_rules_is_a_version(session: Session, workspace: WorkspaceForTests) -> None:
    versions = [policies.version(session, workspace.id)]
    for limit in (1, 2):
        policies.change(session, workspace.id, Policy(cap=Cap(limit=limit, days=7), hours=Hours()))
        versions.append(policies.version(session, workspace.id))

    assert versions == sorted(set(versions))
