"""Invitations to a workspace: a link to one mailbox, valid once and for a week.

The states of an invitation, and who moves it:

    open --> accepted     whoever holds the link, with a new account or a known one (accept_as_new, accept_as_known)
    open --> withdrawn    an owner (withdraw), or a later invitation of the same address (invite)
    open --> expired      time alone: `expires_at` has passed, and nothing is written

None of these opens again. Lock order: the invitation, then the membership an answer makes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import audit, mail_allowances, mailboxes, memberships, staff
from app.accounts.models import Invitation, Staff
from app.accounts.tokens import InvitationToken
from app.kernel.queueing import outbox
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.tokens import Tokens
from app.kernel.translatable import N_

GOOD_FOR = timedelta(days=7)
A_DAY_TO_A_MAILBOX = 3
A_DAY_FROM_A_WORKSPACE = 30


class InvitationClosed(Refusal):
    """The invitation was accepted, withdrawn, replaced by a newer one, or its week is over."""

    status = 410
    message = N_("This invitation is no longer open. Ask for a new one.")


class InvitedTooOften(Refusal):
    """This mailbox was written to often enough today, whoever asked for it."""

    status = 429
    message = N_("This address was invited several times today. Try again tomorrow.")


class TooManyInvitations(Refusal):
    """This workspace invited as many people today as a company does."""

    status = 429
    message = N_("This workspace has sent its %(count)s invitations for today. Try again tomorrow.")


def invite(session: Session, workspace_id: int, *, email: str, role: str, invited_by: int, now: datetime) -> Invitation:
    """Ask an address to join and send it the link; an open invitation to the same address is replaced.

    Raise AlreadyMember, InvitedTooOften or TooManyInvitations.
    """
    address = mailboxes.fold(mailboxes.check(email))
    known = staff.find_by_email(session, address)
    if known and memberships.find(session, workspace_id, known.id):
        raise memberships.AlreadyMember(field="email")
    _require_allowance(session, workspace_id, address, now)
    _withdraw_open(session, workspace_id, address, now)
    invitation = Invitation(
        workspace_id=workspace_id,
        email=address,
        role=role,
        invited_by=invited_by,
        created_at=now,
        expires_at=now + GOOD_FOR,
    )
    session.add(invitation)
    session.flush()
    outbox.enqueue(session, "delivery.send_invitation", workspace_id=workspace_id, invitation_id=invitation.id)
    audit.note(session, invitation, "staff.invited", staff_id=invited_by, now=now)
    return invitation


def link(tokens: Tokens, public_url: str, invitation: Invitation) -> str:
    """Return the address that accepts this invitation; whoever holds it can."""
    token = InvitationToken(invitation.workspace_id, invitation.id).encode(tokens, expires_at=invitation.expires_at)
    return f"{public_url}/invitations/{token}"


def find_showable_link(session: Session, tokens: Tokens, public_url: str, invitation: Invitation) -> str | None:
    """Return the link if whoever invites may see it: where accepting asks for the password of an account.

    For an address without one the link makes the account, so it proves nothing but that the mailbox was read.
    """
    known = staff.find_by_email(session, invitation.email)
    return link(tokens, public_url, invitation) if known else None


def find_open(session: Session, workspace_id: int, invitation_id: int, *, now: datetime) -> Invitation:
    """Return the invitation if it can still be accepted; raise InvitationClosed."""
    query = select(Invitation).where(Invitation.workspace_id == workspace_id, Invitation.id == invitation_id)
    found = session.scalar(query.with_for_update())
    if found is None or found.accepted_at or found.withdrawn_at or found.expires_at <= now:
        raise InvitationClosed
    return found


def accept_as_new(
    session: Session, workspace_id: int, invitation_id: int, *, name: str, password: str, now: datetime
) -> Staff:
    """Create the account the invitation is for and let it in; raise InvitationClosed, StaffExists, PasswordTooWeak."""
    invitation = find_open(session, workspace_id, invitation_id, now=now)
    member = staff.create(session, email=invitation.email, name=name, password=password, now=now)
    _let_in(session, invitation, member, now)
    return member


def accept_as_known(session: Session, workspace_id: int, invitation_id: int, *, password: str, now: datetime) -> Staff:
    """Let an existing account in, once its password is shown; raise InvitationClosed, LoginRefused."""
    invitation = find_open(session, workspace_id, invitation_id, now=now)
    member = staff.authenticate(session, email=invitation.email, password=password)
    _let_in(session, invitation, member, now)
    return member


def withdraw(session: Session, workspace_id: int, invitation_id: int, *, staff_id: int, now: datetime) -> None:
    """Close an invitation before it is accepted; twice is once."""
    found = keyed_rows.get(session, Invitation, workspace_id, invitation_id)
    if found.accepted_at or found.withdrawn_at:
        return
    found.withdrawn_at = now
    audit.note(session, found, "staff.invitation_withdrawn", staff_id=staff_id, now=now)


def list_open(session: Session, workspace_id: int, *, now: datetime, limit: int = 100) -> list[Invitation]:
    """Return the invitations that wait for an answer, newest first."""
    query = select(Invitation).where(
        Invitation.workspace_id == workspace_id,
        Invitation.accepted_at.is_(None),
        Invitation.withdrawn_at.is_(None),
        Invitation.expires_at > now,
    )
    return list(session.scalars(query.order_by(Invitation.id.desc()).limit(limit)))


def _require_allowance(session: Session, workspace_id: int, address: str, now: datetime) -> None:
    mailbox, kind = mail_allowances.mailbox(address), "invitation"
    if not mail_allowances.take(session, kind, mailbox, limit=A_DAY_TO_A_MAILBOX, now=now):
        raise InvitedTooOften(field="email")
    if not mail_allowances.take(session, kind, str(workspace_id), limit=A_DAY_FROM_A_WORKSPACE, now=now):
        raise TooManyInvitations(field="email", count=A_DAY_FROM_A_WORKSPACE)


def _let_in(session: Session, invitation: Invitation, member: Staff, now: datetime) -> None:
    memberships.grant(session, invitation.workspace_id, member.id, invitation.role)
    invitation.accepted_at = now
    audit.note(session, invitation, "staff.joined", staff_id=member.id, now=now)


def _withdraw_open(session: Session, workspace_id: int, address: str, now: datetime) -> None:
    query = select(Invitation).where(
        Invitation.workspace_id == workspace_id,
        Invitation.email == address,
        Invitation.accepted_at.is_(None),
        Invitation.withdrawn_at.is_(None),
    )
    for earlier in session.scalars(query.with_for_update()):
        earlier.withdrawn_at = now
    session.flush()
