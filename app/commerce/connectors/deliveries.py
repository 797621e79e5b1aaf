"""Works off stored webhooks in their order, shows what came of each, and has them worked off once more.

A delivery is worked off in a savepoint of its own: one that cannot be used keeps no other from being.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import structlog
from sqlalchemy import ARRAY, BigInteger, cast, delete, func, select, update
from sqlalchemy.orm import Session, undefer

from app.accounts import audit
from app.commerce.connectors import applying, connections, intake, payloads, stated_consents
from app.commerce.connectors import mapping as mappings
from app.commerce.connectors.applying import Outcome, TooEarly
from app.commerce.connectors.shop_people import Context
from app.commerce.connectors.told import Told, ToldCart, ToldCustomer, ToldEvent, ToldOrder
from app.commerce.models import Delivery, ShopConnection
from app.customers.timeline import reporting
from app.kernel import database
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

log = structlog.get_logger()

WAITING, FAILED, IGNORED = "waiting", "failed", "ignored"
STATES = (WAITING, "done", "outdated", IGNORED, FAILED)
KEPT_FOR = timedelta(days=30)
# When to try again what cannot be done yet; after the last of them it has failed.
_AGAIN_AFTER = tuple(timedelta(seconds=seconds) for seconds in (5, 60, 600, 3600, 6 * 3600))
_CRASHED = N_("This could not be processed. The log of the installation says more.")
_ENDED = N_("The shop was disconnected before this was processed.")


@dataclass(frozen=True)
class Activity:
    """What came of a connection's webhooks as far as they are kept."""

    latest_at: datetime | None
    waiting: int
    failed: int


@dataclass(frozen=True)
class _Read:
    """A delivery with what its shop tells, or why that cannot be read."""

    delivery: Delivery
    context: Context | None
    told: Told | None
    refusal: Refusal | None = None


def work_off(session: Session, workspace_id: int, *, now: datetime, limit: int = 50) -> int:
    """Work off what is due, oldest first, and return how many that were."""
    query = (
        select(Delivery)
        .options(undefer(Delivery.body))
        .where(Delivery.workspace_id == workspace_id, Delivery.state == WAITING, Delivery.due_at <= now)
        .order_by(Delivery.due_at, Delivery.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    due = list(session.scalars(query))
    if not due:
        return 0
    known = connections.by_id(session, workspace_id, {delivery.connection_id for delivery in due})
    read = [_read(delivery, known.get(delivery.connection_id)) for delivery in due]
    if any(_states_consent(each.told) for each in read):
        stated_consents.lock_answers(session, workspace_id)
    for each in read:
        _finish(each.delivery, *_applied(session, each, now), now=now)
    session.flush()
    reporting.told(session, workspace_id, now=now)
    return len(due)


def next_due(session: Session, workspace_id: int) -> datetime | None:
    """Return when the next delivery that waits is to be tried again."""
    query = select(func.min(Delivery.due_at)).where(Delivery.workspace_id == workspace_id, Delivery.state == WAITING)
    return session.scalar(query)


def replay(session: Session, workspace_id: int, delivery_id: int, *, staff_id: int, now: datetime) -> Delivery:
    """Have a delivery worked off once more; raise NotFound. What is newer on record stays."""
    delivery = keyed_rows.hold(session, Delivery, workspace_id, delivery_id)
    connection = connections.get_living(session, workspace_id, delivery.connection_id)
    _await(delivery, now)
    audit.note(session, connection, "shop.replayed", staff_id=staff_id, now=now)
    intake.wake(session, workspace_id)
    session.flush()
    return delivery


def replay_failed(session: Session, workspace_id: int, connection_id: int, *, staff_id: int, now: datetime) -> int:
    """Have everything of a connection that failed worked off once more; return how many that are."""
    connection = connections.get_living(session, workspace_id, connection_id)
    mine = (Delivery.workspace_id == workspace_id, Delivery.connection_id == connection_id, Delivery.state == FAILED)
    waits = {"state": WAITING, "due_at": now, "attempts": 0, "finished_at": None, "notes": []}
    again = session.scalars(update(Delivery).where(*mine).values(waits).returning(Delivery.id)).all()
    if again:
        audit.note(session, connection, "shop.replayed", staff_id=staff_id, now=now)
        intake.wake(session, workspace_id)
    return len(again)


def get(session: Session, workspace_id: int, delivery_id: int) -> Delivery:
    """Return a delivery with its body; raise NotFound."""
    return keyed_rows.get(session, Delivery, workspace_id, delivery_id)


def list_page(
    session: Session, workspace_id: int, connection_id: int, *, state: str = "", before: int = 0, limit: int = 50
) -> list[Delivery]:
    """Return deliveries without their bodies, the newest first; `before` is the id of the last of the page before."""
    query = select(Delivery).where(Delivery.workspace_id == workspace_id, Delivery.connection_id == connection_id)
    if state in STATES:
        query = query.where(Delivery.state == state)
    if before:
        query = query.where(Delivery.id < before)
    return list(session.scalars(query.order_by(Delivery.id.desc()).limit(limit)))


def activity(session: Session, workspace_id: int, connection_ids: Collection[int]) -> dict[int, Activity]:
    """Return what came of the webhooks of each of these connections."""
    counted = (
        select(Delivery.connection_id, Delivery.state, func.count())
        .where(Delivery.workspace_id == workspace_id, Delivery.connection_id.in_(connection_ids))
        .where(Delivery.state.in_((WAITING, FAILED)))
        .group_by(Delivery.connection_id, Delivery.state)
    )
    counts = {(row[0], row[1]): row[2] for row in session.execute(counted)}
    asked = func.unnest(cast(list(connection_ids), ARRAY(BigInteger))).column_valued("connection_id")
    newest = (
        select(Delivery.received_at)
        .where(Delivery.workspace_id == workspace_id, Delivery.connection_id == asked)
        .order_by(Delivery.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    latest = {row[0]: row[1] for row in session.execute(select(asked, newest))}
    return {
        each: Activity(latest.get(each), counts.get((each, WAITING), 0), counts.get((each, FAILED), 0))
        for each in connection_ids
    }


def forget(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Delete what is older than a month: it holds what people ordered, and its use is over."""
    old = (Delivery.workspace_id == workspace_id, Delivery.received_at < now - KEPT_FOR, Delivery.state != WAITING)
    session.execute(delete(Delivery).where(*old))


def _read(delivery: Delivery, connection: ShopConnection | None) -> _Read:
    if connection is None or connection.ended_at is not None:
        return _Read(delivery, None, None, Refusal(_ENDED))
    mapping = mappings.read(connection.mapping)
    digest = sha256(delivery.body).hexdigest()
    context = Context(connection, mapping, delivery.ref, digest)
    try:
        payload = payloads.parse(delivery.body)
        # What says no time itself is as old as its arrival, also when it is replayed.
        told = payloads.read(
            connection.kind, delivery.topic, payload, mapping, now=delivery.received_at
        )
    except Refusal as refusal:
        return _Read(delivery, context, None, refusal)
    except Exception:
        log.exception("commerce.webhook_crashed", delivery_id=delivery.id)
        return _Read(delivery, context, None, Refusal(_CRASHED))
    return _Read(delivery, context, told)


def _applied(session: Session, each: _Read, now: datetime) -> tuple[str, list[tuple[str, Mapping[str, Any]]]]:
    """Return the state a delivery comes to, with its notes."""
    refusal = each.refusal
    if each.context is not None and each.told is not None:
        try:
            with session.begin_nested():
                outcome: Outcome = applying.apply(session, each.context, each.told, now=now)
                session.flush()
        except TooEarly as early:
            refusal = early
            if each.delivery.attempts < len(_AGAIN_AFTER):
                return WAITING, [(early.message, early.values)]
        except Refusal as refused:
            refusal = refused
        except Exception as error:
            if database.is_collision(error) or database.is_too_long(error) or database.is_away(error):
                raise
            # Whatever nobody foresaw about this one keeps no other of the workspace from being worked off.
            log.exception("commerce.webhook_crashed", delivery_id=each.delivery.id)
            refusal = Refusal(_CRASHED)
        else:
            return outcome.state, list(outcome.notes)
    assert refusal is not None
    return FAILED, [(refusal.message, refusal.values)]


def _finish(
    delivery: Delivery, state: str, notes: list[tuple[str, Mapping[str, Any]]], *, now: datetime
) -> None:
    if state == WAITING:
        delivery.due_at = now + _AGAIN_AFTER[delivery.attempts]
    delivery.state, delivery.attempts = state, delivery.attempts + 1
    delivery.notes = [[message, {name: str(value) for name, value in values.items()}] for message, values in notes]
    delivery.finished_at = None if state == WAITING else now


def _await(delivery: Delivery, now: datetime) -> None:
    delivery.state, delivery.due_at, delivery.attempts = WAITING, now, 0
    delivery.notes, delivery.finished_at = [], None


def _states_consent(told: Told | None) -> bool:
    if isinstance(told, ToldOrder | ToldCart | ToldEvent):
        told = told.customer
    return isinstance(told, ToldCustomer) and told.consent is not None
