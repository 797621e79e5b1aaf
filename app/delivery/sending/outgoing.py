"""One claimed message with its person, from the fetched row to the SMTP envelope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.consent.preferences import preference_links
from app.consent.tokens import ConfirmToken, UnsubscribeToken
from app.delivery.gate import Candidate
from app.delivery.sending.compiled_sends import CompiledSend
from app.delivery.smtp.connection import Envelope
from app.delivery.tokens import BounceToken, MessageToken
from app.kernel.tokens import Tokens
from app.rendering import mime
from app.rendering.slots import Slots
from app.tracking.tokens import ClickToken, OpenToken


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
    address_digest: bytes | None
    may_track_opens: bool
    may_track_clicks: bool
    extra: dict[str, Any]
    person: dict[str, Any]
    tries: int = 0
    # How many connections broke just when it was its turn.
    breaks: int = 0


# One row of the plan's fetch statement, in its order.
Row = tuple[Any, ...]


def read_candidate(row: Row) -> Candidate:
    """Read what the gate asks from a fetched row."""
    return Candidate(
        has_address=row[15] is not None,
        is_allowed=row[8] is not None,
        is_silent=row[13],
        permission_seq=row[5],
        time_zone=row[18],
        contact_at=row[6],
        contact_topic=row[7],
        counted_at=row[3],
        promised=(row[9], row[10]) if row[9] else None,
    )


def read_message(row: Row, plan: CompiledSend, batch_id: int) -> OutgoingMessage:
    """Read the message and its person from a fetched row."""
    extra = row[4] or {}
    customer = {
        **(row[23] or {}),
        "email": row[15],
        "first_name": row[16],
        "last_name": row[17],
        "time_zone": row[18],
        "language": row[19],
        "country": row[20],
        "city": row[21],
        "tags": row[22],
        **extra.get("fields", {}),
    }
    return OutgoingMessage(
        plan=plan,
        batch_id=batch_id,
        id=row[0],
        customer_id=row[1],
        attempt=row[2],
        counted_at=row[3],
        seen=row[6][0] if row[6] else None,
        email=row[15],
        address_digest=row[14],
        may_track_opens=bool(row[11]),
        may_track_clicks=bool(row[12]),
        extra=extra,
        person={"customer": customer, "purchases": row[24] or ()},
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
    """Return the tokens of one message. What was not consented to is not minted."""
    ids = (workspace_id, given.id, given.plan.send_id, given.customer_id)
    leaving = UnsubscribeToken(workspace_id, given.customer_id, given.plan.topic_id, given.id)
    request_id = given.extra.get("request_id", 0)
    first_name, last_name = given.person["customer"]["first_name"], given.person["customer"]["last_name"]
    return Slots(
        to_address=given.email,
        to_name=f"{first_name} {last_name}" if first_name and last_name else first_name or last_name or "",
        message=MessageToken(*ids).encode(tokens),
        bounce=BounceToken(*ids).encode(tokens),
        unsubscribe="" if request_id else leaving.encode(tokens),
        preferences=""
        if request_id
        else preference_links.mint(tokens, workspace_id, given.customer_id, source_id=given.id, now=at),
        confirm=ConfirmToken(workspace_id, request_id).encode(tokens) if request_id else "",
        click=ClickToken(*ids).encode(tokens) if given.may_track_clicks else None,
        open=OpenToken(*ids).encode(tokens) if given.may_track_opens else None,
    )
