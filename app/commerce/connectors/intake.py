"""Takes webhooks in: the signature first, then the body as it came is stored, and a job is told to work it off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts import vault
from app.commerce.connectors import connections, payloads, signatures
from app.commerce.connectors import mapping as mappings
from app.commerce.connectors.signatures import Incoming, Signed
from app.commerce.models import Delivery, ShopConnection
from app.kernel.queueing import outbox
from app.kernel.refusals import Refusal
from app.kernel.settings import Key
from app.kernel.translatable import english

JOB = "commerce.take_webhooks"


class TopicMissing(Refusal):
    """Neither the headers nor the body say what happened."""

    status = 400
    message = english("The request does not say what happened: its topic is missing.")


@dataclass(frozen=True)
class Received:
    """A webhook that is stored, and whether it is the first of its number."""

    ref: str
    is_new: bool


def receive(
    session: Session,
    workspace_id: int,
    connection_id: int,
    incoming: Incoming,
    *,
    keys: tuple[Key, ...],
    now: datetime,
) -> Received:
    """Store a webhook; the same number told twice is one. Raise NotFound, and what is wrong with it."""
    connection = connections.get_living(session, workspace_id, connection_id)
    signed = signatures.verify(connection.kind, incoming, vault.unseal(connection.secret, keys), now=now)
    payload = payloads.parse(incoming.body)
    mapping = mappings.read(connection.mapping)
    topic = payloads.topic_of(connection.kind, signed.topic, payload, mapping)
    if not topic and connection.kind != "webhook":
        raise TopicMissing
    is_new = _store(session, connection, signed, topic, incoming.body, now)
    return Received(signed.ref, is_new)


def is_ping(kind: str, incoming: Incoming) -> bool:
    """Say whether this is WooCommerce's question whether anybody is there, which it does not sign."""
    name, _, number = incoming.body[:40].partition(b"=")
    return kind == "woocommerce" and name == b"webhook_id" and number.isdigit() and len(incoming.body) < 40


def _store(
    session: Session, connection: ShopConnection, signed: Signed, topic: str, body: bytes, now: datetime
) -> bool:
    row = insert(Delivery).values(
        workspace_id=connection.workspace_id,
        connection_id=connection.id,
        ref=_plain(signed.ref),
        topic=_plain(topic),
        body=body,
        received_at=now,
        due_at=now,
    )
    is_new = session.scalar(row.on_conflict_do_nothing().returning(Delivery.id)) is not None
    if is_new:
        wake(session, connection.workspace_id)
    return is_new


def wake(session: Session, workspace_id: int, *, at: datetime | None = None) -> None:
    """Have a job work off what waits."""
    outbox.enqueue(session, JOB, key=f"{JOB}:{workspace_id}", run_at=at, workspace_id=workspace_id)


def _plain(text: str) -> str:
    return "".join(char for char in text if char.isprintable())[:200]
