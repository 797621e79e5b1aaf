"""Pauses the journeys an outage made late: their mail was due long ago, so a person decides whether they go on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.delivery.sending import outage_holds
from app.journeys import definitions, publishing
from app.journeys.models import Enrolment, Journey
from app.kernel.queueing import outages

_HANDLER = "journeys"


def hold(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Pause each live journey with people or mail that an outage kept waiting, once for each outage."""
    outage = outages.take(session, workspace_id, _HANDLER)
    if outage is None:
        return
    # Of mail that was queued before, delivery decides; after this no send of an outage is undecided.
    outage_holds.hold(session, workspace_id)
    late = set(
        session.scalars(
            select(Enrolment.journey_id)
            .where(
                Enrolment.workspace_id == workspace_id,
                Enrolment.state == "active",
                Enrolment.mail_at.is_(None),
                Enrolment.due_at <= outage.ended_at - outages.LONG,
            )
            .distinct()
        )
    )
    for journey_id in [journey.id for journey in definitions.list_live(session, workspace_id)]:
        # Somebody may have paused it since the list was read.
        journey = definitions.hold(session, workspace_id, journey_id)
        if journey.state == "live" and (journey_id in late or publishing.has_paused_sends(session, journey)):
            publishing.hold(session, journey, reason=outage_holds.PAUSE_REASON, now=now)


def list_held(session: Session, workspace_id: int) -> list[Journey]:
    """Return the journeys that an outage paused and nobody resumed, for Home."""
    query = select(Journey).where(
        Journey.workspace_id == workspace_id,
        Journey.state == "paused",
        Journey.pause_reason == outage_holds.PAUSE_REASON,
    )
    return list(session.scalars(query.order_by(Journey.id).limit(50)))
