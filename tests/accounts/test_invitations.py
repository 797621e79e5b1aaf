"""An invitation is good once, for one address, for a week."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.accounts import invitations, memberships, staff
from app.accounts.tokens import InvitationToken
from app.kernel.tokens import Tokens
from tests.factories import NOON
from tests.factories.accounts import KEYS
from tests.factories.workspaces import PASSWORD, an_account

NEW = "a long enough password"


def invited(session, workspace, email="ada@shop.test", role="marketer"):
    return invitations.invite(session, workspace.id, email=email, role=role, invited_by=workspace.owner_id, now=NOON)


def test_the_link_is_mailed_by_a_job_that_knows_only_ids(session, workspace):
    invitation = invited(session, workspace)

    args = session.scalars(text("SELECT args FROM outbox WHERE name = 'delivery.send_invitation'")).all()
    assert {"workspace_id": workspace.id, "invitation_id": invitation.id} in args


def test_the_link_names_its_invitation(session, workspace):
    invitation = invited(session, workspace)
    tokens = Tokens(KEYS)

    link = invitations.link(tokens, "https://mail.shop.test", invitation)

    token = InvitationToken.decode(tokens, link.rpartition("/")[2], now=NOON)
    assert token == (workspace.id, invitation.id)


def test_a_new_person_joins_with_the_role_offered(session, workspace):
    invitation = invited(session, workspace)

    ada = invitations.accept_as_new(session, workspace.id, invitation.id, name="Ada", password=NEW, now=NOON)

    assert memberships.find(session, workspace.id, ada.id) == "marketer"


def test_a_known_person_joins_only_with_their_password(session, workspace):
    ada = an_account(session, now=NOON)
    invitation = invited(session, workspace, email=ada.email)

    with pytest.raises(staff.LoginRefused):
        invitations.accept_as_known(session, workspace.id, invitation.id, password="wrong", now=NOON)
    invitations.accept_as_known(session, workspace.id, invitation.id, password=PASSWORD, now=NOON)

    assert memberships.find(session, workspace.id, ada.id) == "marketer"


def test_an_invitation_works_once(session, workspace):
    invitation = invited(session, workspace)
    invitations.accept_as_new(session, workspace.id, invitation.id, name="Ada", password=NEW, now=NOON)

    with pytest.raises(invitations.InvitationClosed):
        invitations.find_open(session, workspace.id, invitation.id, now=NOON)


def test_an_invitation_ends_after_a_week_when_withdrawn_or_replaced(session, workspace):
    first = invited(session, workspace)
    second = invited(session, workspace)
    with pytest.raises(invitations.InvitationClosed):
        invitations.find_open(session, workspace.id, first.id, now=NOON)
    with pytest.raises(invitations.InvitationClosed):
        invitations.find_open(session, workspace.id, second.id, now=NOON + timedelta(days=7))

    invitations.withdraw(session, workspace.id, second.id, staff_id=workspace.owner_id, now=NOON)

    with pytest.raises(invitations.InvitationClosed):
        invitations.find_open(session, workspace.id, second.id, now=NOON)


def test_a_member_cannot_be_invited_again(session, workspace):
    with pytest.raises(memberships.AlreadyMember):
        invited(session, workspace, email=workspace.owner_email)
