"""Transactional mail arrives, once, and only where it may."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.accounts import invitations, vault
from app.accounts.identities import identities
from app.consent import suppression
from app.consent.signup import double_opt_in, signup_forms
from app.consent.signup.double_opt_in import Answer
from app.customers.profiles import people
from app.delivery.transactional import messages, staff_mail
from app.kernel.services import Services
from tests.factories import NOON, delivery
from tests.factories.consent import a_form, a_topic
from tests.factories.workspaces import WorkspaceForTests


def a_request(session: Any, workspace: WorkspaceForTests, *, email: str = "new@example.com") -> int:
    """Somebody filled in the form."""
    form = a_form(session, workspace.id, [workspace.topic_id])
    chosen = tuple(signup_forms.choices(session, form, language="en", sender="Shop", now=NOON))
    answer = Answer(email=email, chosen=chosen, page="http://shop.test/f", ip="198.51.100.7")
    return double_opt_in.request(session, workspace.id, form, answer, now=NOON)


def test_the_question_is_asked_once_and_names_its_record(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path
) -> None:
    """The double opt-in mail is a message like any other: through the gate, allowed by the request it answers."""
    with services.database.transaction(workspace.id) as session:
        request_id = a_request(session, workspace)
    for _ in range(2):
        with services.database.transaction(workspace.id) as session:
            messages.ask_confirmation(session, workspace.id, request_id, now=NOON)
    with delivery.a_sink(tmp_path) as sink:
        delivery.run_lanes(delivery.services_to(services, sink), workspace)

        assert sink.recipients() == ["new@example.com"]
    with services.database.transaction(workspace.id) as session:
        seqs = session.scalars(text("SELECT permission_seq FROM messages")).all()
        contacts = session.scalar(text("SELECT cardinality(recent_contact_at) FROM customer_engagement"))
    assert len(seqs) == 1
    assert seqs[0] is not None
    assert contacts == 0


def test_two_questions_to_one_person_at_once_are_two_mails(services: Services, workspace: WorkspaceForTests) -> None:
    """Each request is an occasion of its own: none is lost or mailed twice, however many jobs come at once."""
    with services.database.transaction(workspace.id) as session:
        topics = [workspace.topic_id, *(a_topic(session, workspace.id, name=f"Topic {n}").id for n in range(2))]
        requests = []
        for number, topic_id in enumerate(topics):
            form = a_form(session, workspace.id, [topic_id], slug=f"form-{number}")
            chosen = tuple(signup_forms.choices(session, form, language="en", sender="Shop", now=NOON))
            answer = Answer(email="new@example.com", chosen=chosen)
            requests.append(double_opt_in.request(session, workspace.id, form, answer, now=NOON))
    together = threading.Barrier(6)

    def ask(request_id: int) -> None:
        with services.database.transaction(workspace.id) as session:
            session.execute(text("SELECT 1"))
            together.wait()
            messages.ask_confirmation(session, workspace.id, request_id, now=NOON)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(ask, requests * 2))

    with services.database.transaction(workspace.id) as session:
        asked = session.scalars(text("SELECT CAST(extra ->> 'request_id' AS bigint) FROM messages")).all()
        sends = session.scalar(text("SELECT count(*) FROM sends"))
    assert sorted(asked) == sorted(requests)
    assert sends == 1


def test_a_second_message_of_one_occasion_is_refused_by_the_database(
    services: Services, workspace: WorkspaceForTests
) -> None:
    with services.database.transaction(workspace.id) as session:
        request_id = a_request(session, workspace)
        messages.ask_confirmation(session, workspace.id, request_id, now=NOON)
    again = text(
        "INSERT INTO messages (workspace_id, send_id, customer_id, occasion_id, state, extra)"
        " SELECT workspace_id, send_id + 1, customer_id, occasion_id, 'queued', extra FROM messages"
    )
    with (
        pytest.raises(IntegrityError, match="uq_messages_once"),
        services.database.transaction(workspace.id) as session,
    ):
        session.execute(again)


def test_a_dead_mailbox_is_not_asked(services: Services, workspace: WorkspaceForTests, tmp_path: Path) -> None:
    """Between the request and the mail the address bounced: the question stays here."""
    with services.database.transaction(workspace.id) as session:
        request_id = a_request(session, workspace)
        person = people.find_by_email(session, workspace.id, "new@example.com")
        assert person
        assert person.address_digest
        digest = person.address_digest
        messages.ask_confirmation(session, workspace.id, request_id, now=NOON)
        suppression.add(
            session, workspace.id, address_digest=digest, reason=suppression.BOUNCED, source="test", now=NOON
        )
    with delivery.a_sink(tmp_path) as sink:
        delivery.run_lanes(delivery.services_to(services, sink), workspace)

        assert sink.recipients() == []
    assert delivery.states(services.database, workspace)["new@example.com"] == ("skipped", "suppressed")


def test_a_mail_to_staff_leaves_once(services: Services, workspace: WorkspaceForTests, tmp_path: Path) -> None:
    """A test of a campaign goes to the address asked for; the job run twice sends it once."""
    with delivery.a_sink(tmp_path) as sink:
        to_sink = delivery.services_to(services, sink)
        with services.database.transaction(workspace.id) as session:
            mail = messages.send_to_staff(
                session,
                workspace.id,
                kind="test",
                to_address="olga@shop.test",
                content=delivery.CONTENT,
                person={"customer": {"first_name": "Ada"}},
                settings=services.settings,
                now=NOON,
            )
        for _ in range(2):
            staff_mail.send(to_sink, workspace.id, mail.id)

        assert sink.recipients() == ["olga@shop.test"]


def test_an_invitation_passes_no_server_of_who_invites(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path
) -> None:
    """Whoever reads it may join as that mailbox: a server the workspace named would read along."""
    with delivery.a_sink(tmp_path) as sink:
        to_sink = delivery.services_to(services, sink)
        with services.database.transaction(workspace.id) as session:
            identities.get(session, workspace.id, workspace.identity_id).smtp_url = vault.seal(
                b"smtp://relay.invalid", services.settings.secret_keys
            )
            invitation = invitations.invite(
                session,
                workspace.id,
                email="nora@shop.test",
                role="viewer",
                invited_by=workspace.owner_id,
                now=NOON,
            )
            messages.invite(session, workspace.id, invitation.id, to_sink)
            mail_id = session.scalars(text("SELECT id FROM staff_mails")).one()
        staff_mail.send(to_sink, workspace.id, mail_id)

        assert sink.recipients() == ["nora@shop.test"]
