"""Every message reaches its person once, and every "no" stops it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.accounts import workspaces
from app.accounts.identities import identities
from app.consent import suppression, topics
from app.customers.profiles import people
from app.delivery.launching import launches
from app.delivery.models import SendState
from app.delivery.sending import compiled_sends, send_queries
from app.kernel.database import Database
from app.kernel.services import Services
from tests.factories import NOON, delivery
from tests.factories.workspaces import WorkspaceForTests


def test_everyone_who_agreed_gets_one_mail(services: Services, workspace: WorkspaceForTests, tmp_path: Path) -> None:
    """A launched send ends with one accepted message per person and a closed send."""
    send_id = delivery.a_launched_send(services.database, workspace, 120)
    with delivery.a_sink(tmp_path) as sink:
        accepted = delivery.run_lanes(delivery.services_to(services, sink), workspace)

        assert accepted == 120
        assert sorted(sink.recipients()) == sorted(f"p{n}@example.com" for n in range(120))
        assert len(set(sink.message_ids())) == 120
    with services.database.transaction(workspace.id) as session:
        progress = send_queries.progress_of(session, workspace.id, send_id)
    assert (progress.state, progress.sent, progress.total) == (SendState.DONE, 120, 120)


def test_who_may_not_be_written_to_is_skipped_with_a_reason(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path
) -> None:
    """Golden case 5: no ledger record, no send; and the row says why."""
    with services.database.transaction(workspace.id) as session:
        delivery.an_audience(session, workspace, 3)
        people.upsert(session, workspace.id, email="no@example.com", fields={}, source="import", now=NOON)
        dead = people.find_by_email(session, workspace.id, "p1@example.com")
        assert dead
        assert dead.address_digest
        suppression.add(
            session, workspace.id, address_digest=dead.address_digest, reason="bounced", source="test", now=NOON
        )
        send = delivery.a_send(session, workspace)
        counts = launches.launch(session, workspace.id, send.id, people.base_query(workspace.id), now=NOON)
    with delivery.a_sink(tmp_path) as sink:
        delivery.run_lanes(delivery.services_to(services, sink), workspace)

        assert sorted(sink.recipients()) == ["p0@example.com", "p2@example.com"]
    assert (counts.queued, counts.skipped) == (2, {"no_permission": 1, "suppressed": 1})
    found = delivery.states(services.database, workspace)
    assert found["no@example.com"] == ("skipped", "no_permission")
    assert found["p1@example.com"] == ("skipped", "suppressed")


def test_launching_twice_adds_nobody_twice(session: Any, workspace: WorkspaceForTests) -> None:
    """Who joined the audience in between gets a message, the others keep theirs."""
    delivery.an_audience(session, workspace, 3)
    send = delivery.a_send(session, workspace)
    audience = people.base_query(workspace.id)

    first = launches.launch(session, workspace.id, send.id, audience, now=NOON)
    delivery.an_audience(session, workspace, 1, prefix="late")
    second = launches.launch(session, workspace.id, send.id, audience, now=NOON)

    assert (first.queued, second.queued) == (3, 1)
    queued = session.scalar(text("SELECT sum(cardinality(message_ids)) FROM batches"))
    assert queued == 4


def test_the_row_names_the_record_that_allowed_it(session: Any, workspace: WorkspaceForTests) -> None:
    """Every message that may leave carries the number of a ledger record."""
    delivery.an_audience(session, workspace, 2)
    send = delivery.a_send(session, workspace)
    launches.launch(session, workspace.id, send.id, people.base_query(workspace.id), now=NOON)

    assert None not in session.scalars(text("SELECT permission_seq FROM messages")).all()


def test_no_message_can_be_handed_over_without_a_record(database: Database, workspace: WorkspaceForTests) -> None:
    """The database itself refuses it."""
    from sqlalchemy.exc import IntegrityError

    delivery.a_launched_send(database, workspace, 1)
    with pytest.raises(IntegrityError, match="no_record_no_send"), database.transaction(workspace.id) as session:
        session.execute(text("UPDATE messages SET state = 'handed', permission_seq = NULL"))


def test_each_name_in_a_header_is_a_name_of_its_own(
    session: Any, workspace: WorkspaceForTests, services: Services
) -> None:
    """H9, H11: a topic's underscore is none in the DNS, and no part of the Feedback-ID reads like another."""
    topic = topics.create(session, workspace.id, name="Offers", key="big-offers")
    session.execute(text("UPDATE topics SET key = 'big_offers' WHERE id = :id"), {"id": topic.id})
    session.expire_all()
    send = delivery.a_send(session, workspace, topic_id=topic.id)
    identity = identities.get(session, workspace.id, workspace.identity_id)
    stream = compiled_sends.stream(session, workspaces.get(session, workspace.id), identity, send, services.settings)

    assert stream.list_id.startswith("big-offers.")
    assert stream.feedback == ("c1", f"w{workspace.id}", "campaign")
