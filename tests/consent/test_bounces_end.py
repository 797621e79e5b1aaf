"""A bounce is taken back by an answer from the mailbox itself, or by staff, who are named in the audit log."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.consent import suppression
from app.consent.signup import double_opt_in
from app.kernel.database import Database
from tests.consent.signup.test_double_opt_in import a_form, ask
from tests.factories import NOON
from tests.factories.consent import consented_customer
from tests.factories.workspaces import WorkspaceForTests


def bounced(session: Session, workspace: WorkspaceForTests) -> tuple[int, bytes]:
    ada = consented_customer(session, workspace.id, email="ada@example.com", now=NOON)
    assert ada.address_digest
    suppression.add(session, workspace.id, address_digest=ada.address_digest, reason="bounced", source="test", now=NOON)
    return ada.id, ada.address_digest


def test_an_answered_question_ends_a_bounce(session: Session, workspace: WorkspaceForTests) -> None:
    """Nothing could end one: a forged report silenced its recipient for good."""
    _, digest = bounced(session, workspace)
    form = a_form(session, workspace.id, [workspace.topic_id])
    later = NOON + timedelta(days=2)
    number = ask(session, workspace, form, email="ada@example.com", now=later)
    silent = suppression.find(session, workspace.id, digest)
    assert silent
    assert silent.reason == suppression.UNCONFIRMED
    double_opt_in.confirm(session, workspace.id, number, now=later)

    assert not suppression.is_suppressed(session, workspace.id, digest)


def test_a_question_that_bounces_keeps_the_address_suppressed(session: Session, workspace: WorkspaceForTests) -> None:
    _, digest = bounced(session, workspace)
    later = NOON + timedelta(days=2)
    assert suppression.may_ask(session, workspace.id, digest, now=later)
    suppression.add(session, workspace.id, address_digest=digest, reason="bounced", source="again", now=later)

    assert not suppression.may_ask(session, workspace.id, digest, now=later + timedelta(hours=1))


@pytest.mark.parametrize(("reason", "ends"), [("bounced", True), ("complained", False), ("objected", False)])
def test_staff_end_a_bounce_and_nothing_else(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests, reason: str, ends: bool
) -> None:
    """What a person said is theirs to take back."""
    with database.transaction(workspace.id) as session:
        ada = consented_customer(session, workspace.id, email="ada@example.com", now=NOON)
        ada_id, digest = ada.id, ada.address_digest
        assert digest
        suppression.add(session, workspace.id, address_digest=digest, reason=reason, source="test", now=NOON)
    assert ("Allow mail again" in client.get(f"/customers/{ada_id}").text) is ends
    client.post(f"/consent/suppressions/bounces/{ada_id}/end")

    with database.transaction(workspace.id) as session:
        assert suppression.is_suppressed(session, workspace.id, digest) is not ends
        noted = session.scalars(text("SELECT action FROM audit_entries WHERE action = 'address.bounce_ended'")).all()
    assert bool(noted) is ends
