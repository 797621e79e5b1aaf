"""Transactional mail: confirmations, invitations, and test sends.

The question to a customer is a message like any other: a row first, through the gate, naming the ledger record of the
request it answers. Mail to staff goes directly; nobody else can be written to that way. An invitation is a mail of the
installation, not of the workspace: from its address, by its server, and back to it when it bounces.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.accounts import invitations, mail_allowances, staff, workspaces
from app.accounts.identities import identities
from app.consent import permission
from app.consent.purposes import MARKETING
from app.consent.signup import double_opt_in
from app.consent.signup.double_opt_in import RequestInfo
from app.delivery.launching.occasions import Occasion
from app.delivery.launching.queueing import AnsweredRequest
from app.delivery.models import Send, SendKind, StaffMail
from app.delivery.sending import compiled_sends, sends
from app.delivery.transactional import staff_mail, texts
from app.kernel.refusals import Refusal
from app.kernel.services import Services
from app.kernel.settings import Settings
from app.kernel.translatable import N_
from app.rendering import compiler, mime
from app.rendering.compiler import CompiledMessage
from app.rendering.content import Content, Stream
from app.rendering.slots import Slots

_PRODUCT = "Assent"
TESTS_A_DAY = 100


class TestedTooOften(Refusal):
    """This mailbox got as many test mails today as anybody reads."""

    status = 429
    message = N_("%(count)s test mails went to this address today. Try again tomorrow.")


def ask_confirmation(session: Session, workspace_id: int, request_id: int, *, now: datetime) -> None:
    """Ask the owner of an address whether it was them. The request is the occasion: a second job asks nobody twice."""
    request = double_opt_in.get_request(session, workspace_id, request_id)
    records = permission.state_of(session, workspace_id, request.customer_id)
    if request.state != "pending" or not records:
        return
    content = texts.confirmation(request.language, is_sign_up=request.form_id is not None)
    send_id = _transactional_send(session, workspace_id, content, now)
    fields = {
        "asked_topics": ", ".join(_asked(request)),
        "asked_at": f"{request.requested_at:%Y-%m-%d %H:%M} UTC",
        "asked_from": request.network,
    }
    sends.add(
        session,
        workspace_id,
        send_id,
        [sends.Recipient(request.customer_id, Occasion.transactional(f"confirmation:{request_id}"))],
        now=now,
        answers=AnsweredRequest(
            permission_seq=max(row.ledger_seq for row in records),
            extra={"request_id": request_id, "fields": fields},
        ),
    )


def invite(session: Session, workspace_id: int, invitation_id: int, services: Services) -> None:
    """Write to somebody who was asked to join the staff."""
    now = services.clock.now()
    try:
        invitation = invitations.find_open(session, workspace_id, invitation_id, now=now)
    except invitations.InvitationClosed:
        return
    workspace = workspaces.get(session, workspace_id)
    inviter = staff.get(session, invitation.invited_by)
    stream = Stream(_PRODUCT, services.settings.own_address, services.settings.public_url, lists=False)
    named = {"workspace": workspace.name, "inviter": inviter.name}
    values = {name: texts.name_for_strangers(value) for name, value in named.items()}
    values["link"] = invitations.link(services.tokens, services.settings.public_url, invitation)
    _render_and_enqueue(
        session,
        StaffMail(workspace_id=workspace_id, kind="invitation", identity_id=None, to_address=invitation.email),
        compiler.compile_content(texts.invitation(workspace.language), stream=stream),
        person={"customer": values},
        sender=services.settings.own_address,
        now=now,
    )


def send_to_staff(
    session: Session,
    workspace_id: int,
    *,
    kind: str,
    to_address: str,
    content: Content,
    person: Mapping[str, Any],
    settings: Settings,
    now: datetime,
    identity_id: int | None = None,
) -> StaffMail:
    """Render a mail now and have it sent to one of the staff, such as a test of a campaign filled in for `person`.

    Its links are plain and its own addresses lead nowhere: nobody can be unsubscribed by pressing them. The caller has
    made sure that `to_address` belongs to staff of this workspace. Raise SenderUnproved, TestedTooOften.
    """
    mailbox = mail_allowances.mailbox(to_address)
    if not mail_allowances.take(session, kind, mailbox, limit=TESTS_A_DAY, now=now):
        raise TestedTooOften(count=TESTS_A_DAY)
    workspace = workspaces.get(session, workspace_id)
    identity = (
        identities.get(session, workspace_id, identity_id) if identity_id else identities.default(session, workspace_id)
    )
    identities.require_proved(identity)
    shape = Send(
        workspace_id=workspace_id,
        id=0,
        kind=SendKind.TRANSACTIONAL,
        source_id=0,
        topic_id=None,
        identity_id=identity.id,
    )
    stream = compiled_sends.stream(session, workspace, identity, shape, settings)
    return _render_and_enqueue(
        session,
        StaffMail(workspace_id=workspace_id, kind=kind, identity_id=identity.id, to_address=to_address),
        compiler.compile_content(content, stream=stream),
        person=person,
        # A server of the workspace's own takes what is from the workspace; the installation's, what returns here.
        sender=identity.from_address if identity.smtp_url else settings.own_address,
        now=now,
    )


def _render_and_enqueue(
    session: Session,
    mail: StaffMail,
    compiled: CompiledMessage,
    *,
    person: Mapping[str, Any],
    sender: str,
    now: datetime,
) -> StaffMail:
    """Fill in one mail to one of the staff and have it sent. `sender` is where it returns to."""
    mail.sender, mail.body, mail.created_at = sender, b"", now
    session.add(mail)
    session.flush()
    slots = Slots(
        to_address=mail.to_address,
        message=f"staff-{mail.workspace_id}-{mail.id}",
        unsubscribe="test",
        preferences="test",
        confirm="test",
    )
    mail.body = compiled.render(person, slots, date=mime.date_header(now))
    session.flush()
    staff_mail.enqueue(session, mail)
    return mail


def _asked(request: RequestInfo) -> list[str]:
    """Return what is asked about by name: the topics; from a preference page the other purposes, too."""
    purposes = [] if request.form_id else [name for name, _ in request.purposes]
    return [*request.topic_names, *(texts.purpose(name, request.language) for name in purposes)]


def _transactional_send(session: Session, workspace_id: int, content: Content, now: datetime) -> int:
    """Return the send that carries this wording, whoever it is for."""
    identity = identities.default(session, workspace_id)
    query = select(Send.id).where(
        Send.workspace_id == workspace_id,
        Send.kind == SendKind.TRANSACTIONAL,
        Send.source_id == 0,
        Send.identity_id == identity.id,
        Send.language == content.language,
        Send.html == content.html,
    )
    known = session.scalar(query.limit(1))
    if known is not None:
        return known
    # Two at once would make two sends of one wording.
    key = {"key": f"transactional send:{workspace_id}"}
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)
    made_meanwhile = session.scalar(query.limit(1))
    if made_meanwhile is not None:
        return made_meanwhile
    return sends.create(
        session,
        workspace_id,
        sends.NewSend(
            kind=SendKind.TRANSACTIONAL,
            source_id=0,
            topic_id=None,
            purpose=MARKETING,
            identity_id=identity.id,
            content=content,
        ),
        now=now,
    ).id
