"""Mail to staff leaves through the operator's server: nobody can make it say, or send it where, they like."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.accounts import invitations, workspaces
from app.accounts.identities import identities
from app.delivery.models import StaffMail
from app.delivery.transactional import messages, staff_mail
from app.kernel.services import Services
from app.kernel.settings import Settings
from tests.factories import NOON, delivery
from tests.factories.workspaces import WorkspaceForTests, a_workspace

HOSTILE = [
    '<a href="http://evil.example/login">Your account is locked</a>',
    "<img src=x onerror=alert(1)>",
    "{{ confirm_url }} {% if x %}",
    "http://evil.example/login www.evil.example",
    'Shop" <boss@bank.example>, "x',
    "</p></div><h1>Pay now</h1>",
]


def invite(services: Services, workspace: WorkspaceForTests, address: str) -> StaffMail:
    """Somebody is invited, and the mail is made."""
    with services.database.transaction(workspace.id) as session:
        invitation = invitations.invite(
            session, workspace.id, email=address, role="viewer", invited_by=workspace.owner_id, now=NOON
        )
        messages.invite(session, workspace.id, invitation.id, services)
        return session.query(StaffMail).order_by(StaffMail.id.desc()).limit(1).one()


def read(mail: StaffMail) -> tuple[EmailMessage, str, str]:
    """Return the mail, its HTML and its text."""
    parsed: Any = email.message_from_bytes(mail.body, policy=email.policy.default)
    text_part, html_part = parsed.iter_parts()
    return parsed, html_part.get_content(), text_part.get_content()


@pytest.mark.parametrize("name", HOSTILE)
def test_the_name_of_a_workspace_is_text_in_an_invitation(
    services: Services, workspace: WorkspaceForTests, name: str
) -> None:
    """Anybody who may make a workspace names it; the name once was live HTML in a mail of the operator's."""
    with services.database.transaction(workspace.id) as session:
        workspaces.get(session, workspace.id).name = name
        session.execute(text("UPDATE staff SET name = :name WHERE id = :id"), {"name": name, "id": workspace.owner_id})

    parsed, html, plain = read(invite(services, workspace, "nora@elsewhere.example"))

    assert html.count("<a ") == 1
    assert "<img" not in html
    assert "<h1" not in html
    assert "evil.example" not in html + plain + parsed["subject"], "mail programs make links of bare addresses"
    assert str(parsed["from"]) == "Assent <no-reply@mail.shop.test>"
    assert html.count("/invitations/") == plain.count("/invitations/") == 1


def test_a_long_name_leaves_no_room_for_a_story(services: Services, workspace: WorkspaceForTests) -> None:
    with services.database.transaction(workspace.id) as session:
        workspaces.get(session, workspace.id).name = "Urgent: call us about your account, it will be closed " * 2

    parsed, _, _ = read(invite(services, workspace, "nora@elsewhere.example"))

    assert len(parsed["subject"]) < 110


def test_an_invitation_is_from_the_installation_and_returns_there(
    services: Services, workspace: WorkspaceForTests
) -> None:
    """From an address the workspace chose, a bounce brought the link that makes the account to whoever invited."""
    mail = invite(services, workspace, "nora@elsewhere.example")

    assert mail.sender == services.settings.own_address
    assert workspace.owner_email.encode() not in mail.body
    assert b"shop.example" not in mail.body


def test_an_invitation_needs_no_sender(services: Services, workspace: WorkspaceForTests, tmp_path: Path) -> None:
    with services.database.transaction(workspace.id) as session:
        session.execute(text("DELETE FROM sending_identities"))
    mail = invite(services, workspace, "nora@elsewhere.example")
    with delivery.a_sink(tmp_path) as sink:
        staff_mail.send(delivery.services_to(services, sink), workspace.id, mail.id)

        assert sink.recipients() == ["nora@elsewhere.example"]


def test_a_mailbox_is_invited_a_few_times_a_day_whatever_its_spelling(
    services: Services, workspace: WorkspaceForTests
) -> None:
    """Twelve mails to one outsider had left; a tag behind a plus or a full stop at Gmail makes no other mailbox."""
    spellings = ["n.ora@gmail.com", "nora+a@gmail.com", "NORA@googlemail.com", "no.ra+b@gmail.com", "nora@gmail.com"]
    invited = 0
    for spelling in spellings:
        try:
            invite(services, workspace, spelling)
        except invitations.InvitedTooOften:
            break
        invited += 1

    assert invited == invitations.A_DAY_TO_A_MAILBOX


def test_another_workspace_does_not_double_the_limit(
    services: Services, workspace: WorkspaceForTests, database: Any
) -> None:
    from_here = [invite(services, workspace, "pat@outside.example") for _ in range(invitations.A_DAY_TO_A_MAILBOX)]
    other = a_workspace(database, name="Neighbour", now=NOON)

    with pytest.raises(invitations.InvitedTooOften):
        invite(services, other, "pat@outside.example")
    assert len(from_here) == invitations.A_DAY_TO_A_MAILBOX


def test_a_workspace_invites_so_many_a_day(services: Services, workspace: WorkspaceForTests) -> None:
    with services.database.transaction(workspace.id) as session:
        for number in range(invitations.A_DAY_FROM_A_WORKSPACE):
            invitations.invite(
                session,
                workspace.id,
                email=f"n{number}@w{workspace.id}.example",
                role="viewer",
                invited_by=workspace.owner_id,
                now=NOON,
            )

    with pytest.raises(invitations.TooManyInvitations):
        invite(services, workspace, "one-more@elsewhere.example")


def test_a_test_returns_to_the_installation_unless_the_workspace_has_a_server_of_its_own(
    session: Any, workspace: WorkspaceForTests, settings: Settings
) -> None:
    values = {"kind": "test", "to_address": "olga@shop.test", "content": delivery.CONTENT, "person": {}}
    mail = messages.send_to_staff(session, workspace.id, **values, settings=settings, now=NOON)
    assert mail.sender == settings.own_address

    identities.get(session, workspace.id, workspace.identity_id).smtp_url = b"sealed"
    own = messages.send_to_staff(session, workspace.id, **values, settings=settings, now=NOON)
    assert own.sender == identities.get(session, workspace.id, workspace.identity_id).from_address
