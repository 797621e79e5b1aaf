"""Mail to staff: rendered beforehand, sent one by one, retried until it has left."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.identities import identities, relays
from app.accounts.identities.relays import Relay
from app.delivery.models import StaffMail
from app.delivery.sending import compiled_sends
from app.delivery.smtp import handshake
from app.delivery.smtp.envelopes import Envelope, Outcome, Timeouts
from app.delivery.throttling import relay_timeouts
from app.kernel.queueing import outbox
from app.kernel.services import Services
from app.kernel.settings import Settings

log = structlog.get_logger()


class NotYet(Exception):
    """The server did not take the mail; the job is tried again later, under the same Message-ID."""


@dataclass(frozen=True)
class _Ready:
    envelope: Envelope
    relay: Relay


def enqueue(session: Session, mail: StaffMail) -> None:
    """Have this mail sent once the transaction has committed."""
    outbox.enqueue(session, "delivery.send_staff_mail", workspace_id=mail.workspace_id, mail_id=mail.id)


def has_any(session: Session, workspace_id: int, *, kind: str) -> bool:
    """Say whether a mail of this kind was written to staff lately."""
    query = select(StaffMail.id).where(StaffMail.workspace_id == workspace_id, StaffMail.kind == kind)
    return session.scalar(query.limit(1)) is not None


def send(services: Services, workspace_id: int, mail_id: int) -> None:
    """Send one mail unless it has left already; raise NotYet when it should be tried again."""
    with services.database.transaction(workspace_id) as session:
        ready = _prepare(session, workspace_id, mail_id, services)
    if ready is None:
        return
    timeouts = relay_timeouts.timeouts(ready.relay, services.settings)
    outcome = asyncio.run(_deliver(ready.relay, ready.envelope, compiled_sends.helo(services.settings), timeouts))
    if not outcome.is_accepted and (outcome.code < 500 or outcome.code == 0):
        raise NotYet(f"{outcome.code} {outcome.text}")
    with services.database.transaction(workspace_id) as session:
        mail = session.get_one(StaffMail, (workspace_id, mail_id))
        mail.sent_at = services.clock.now()
        mail.failure = None if outcome.is_accepted else f"{outcome.code} {outcome.text}"[:500]


def _prepare(session: Session, workspace_id: int, mail_id: int, services: Services) -> _Ready | None:
    mail = session.get(StaffMail, (workspace_id, mail_id))
    if mail is None or mail.sent_at is not None:
        return None
    return _Ready(Envelope(mail.id, mail.sender, mail.to_address, mail.body), _relay(session, mail, services.settings))


def _relay(session: Session, mail: StaffMail, settings: Settings) -> Relay:
    """The server for this mail. Whoever reads an invitation may join as that mailbox, so it passes no server that the
    inviting workspace named."""
    if mail.identity_id is None or mail.kind == "invitation":
        return relays.from_url(settings.smtp_url)
    return identities.relay(identities.get(session, mail.workspace_id, mail.identity_id), settings)


async def _deliver(relay: Relay, envelope: Envelope, helo: str, timeouts: Timeouts) -> Outcome:
    """Carry one mail. A server that answers a word at a time has no longer than one that says nothing."""
    told: list[Outcome] = []
    waiting = [envelope]
    connection = await handshake.connect(relay, helo=helo, timeouts=timeouts)
    deadline = asyncio.get_running_loop().call_later(timeouts.command + timeouts.dot, connection.abort)
    await connection.deliver(lambda: waiting.pop() if waiting else None, lambda _, outcome: told.append(outcome))
    deadline.cancel()
    await connection.close()
    if not told:
        raise NotYet("the server closed the connection")
    return told[0]
