"""One claimed message with its person, from the fetched row to the SMTP envelope."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.consent.preferences import preference_links
from app.consent.tokens import ConfirmToken, UnsubscribeToken
from app.delivery.gate import Candidate
from app.delivery.sending.compiled_sends import CompiledSend
from app.delivery.smtp.envelopes import Envelope
from app.delivery.tokens import of_message
from app.delivery.transitions.handoff import FetchedMessage
from app.kernel.tokens import Tokens
from app.rendering import mime
from app.rendering.slots import Slots


@dataclass(slots=True)
class OutgoingMessage:
    """One message in a sender's hands. `attempt` is the fence: every later word about it names it."""

    plan: CompiledSend
    batch_id: int
    id: int
    customer_id: int
    attempt: int
    counted_at: datetime | None
    seen: datetime | None
    email: str
    address_id: int | None
    address_digest: bytes | None
    may_track_opens: bool
    may_track_clicks: bool
    extra: dict[str, Any]
    person: dict[str, Any]
    tries: int = 0
    # How many connections broke just when it was next.
    breaks: int = 0
    # Handed off, it leaves before this time of the event loop or goes back to the queue.
    begin_by: float = 0.0
    # What another thread fills it in for, where signing takes long.
    prepared: Future[Envelope] | None = None

    @property
    def is_ready(self) -> bool:
        """Say whether nobody is still busy with it."""
        return self.prepared is None or self.prepared.done()


def read_candidate(row: FetchedMessage) -> Candidate:
    """Read what the gate asks from a fetched row."""
    return Candidate(
        has_address=row.email is not None,
        is_allowed=row.ledger_seq is not None,
        is_suppressed=row.is_suppressed,
        permission_seq=row.permission_seq,
        time_zone=row.time_zone,
        contact_at=row.recent_contact_at,
        contact_topic=row.recent_contact_topic,
        counted_at=row.counted_at,
        promised=(row.promised_limit, row.promised_days) if row.promised_limit and row.promised_days else None,
    )


def read_message(row: FetchedMessage, plan: CompiledSend, batch_id: int) -> OutgoingMessage:
    """Read the message and its person from a fetched row."""
    extra = row.extra or {}
    customer = {
        **(row.custom or {}),
        "email": row.email,
        "first_name": row.first_name,
        "last_name": row.last_name,
        "time_zone": row.time_zone,
        "language": row.language,
        "country": row.country,
        "city": row.city,
        "tags": row.tags,
        "gender": row.gender,
        "birth_date": row.birth_date,
        "occupation": row.occupation,
        "position": row.position,
        "kind": row.kind,
        **extra.get("fields", {}),
    }
    return OutgoingMessage(
        plan=plan,
        batch_id=batch_id,
        id=row.id,
        customer_id=row.customer_id,
        attempt=row.attempt,
        counted_at=row.counted_at,
        seen=row.recent_contact_at[0] if row.recent_contact_at else None,
        email=row.email,
        address_id=row.address_id,
        address_digest=row.address_digest,
        may_track_opens=bool(row.may_track_opens),
        may_track_clicks=bool(row.may_track_clicks),
        extra=extra,
        person={"customer": customer, "purchases": row.purchases or ()},
    )


@dataclass(frozen=True, slots=True)
class Stamp:
    """What all messages that leave within the same seconds share: their date, as a header and for their links."""

    date: bytes
    at: datetime


def stamp(now: datetime) -> Stamp:
    """Return the stamp of messages that leave now."""
    return Stamp(mime.date_header(now), now)


def envelope(given: OutgoingMessage, tokens: Tokens, workspace_id: int, stamped: Stamp) -> Envelope:
    """Fill the message in; raise Refusal, or whatever a poisoned record makes the template do."""
    plan = given.plan
    filled = slots(given, tokens, workspace_id, stamped.at)
    body = plan.compiled.render(given.person, filled, date=stamped.date)
    recipient = given.email if given.email.isascii() else mime.wire_address(given.email)
    return Envelope(given.id, plan.compiled.envelope_from(filled), recipient, body)


def slots(given: OutgoingMessage, tokens: Tokens, workspace_id: int, at: datetime) -> Slots:
    """Return the tokens of one message. What was not consented to is not among them."""
    customer_id, plan = given.customer_id, given.plan
    message, click, open_, bounce = of_message(tokens, workspace_id, given.id, plan.send_id, customer_id)
    unsubscribe = preferences = confirm = ""
    if request_id := given.extra.get("request_id", 0):
        confirm = ConfirmToken(workspace_id, request_id).encode(tokens)
    else:
        unsubscribe = UnsubscribeToken(workspace_id, customer_id, plan.topic_id, given.id).encode(tokens)
        address_id = given.address_id or 0
        preferences = preference_links.mint(tokens, workspace_id, customer_id, address_id=address_id, now=at)
    customer = given.person["customer"]
    first_name, last_name = customer["first_name"], customer["last_name"]
    return Slots(
        to_address=given.email,
        to_name=f"{first_name} {last_name}" if first_name and last_name else first_name or last_name or "",
        message=message,
        bounce=bounce,
        unsubscribe=unsubscribe,
        preferences=preferences,
        confirm=confirm,
        click=click if given.may_track_clicks else None,
        open=open_ if given.may_track_opens else None,
    )
