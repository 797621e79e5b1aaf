"""Events: parse, one transaction, one action, answer."""

from __future__ import annotations

from flask import Response, g

from app.api.v1 import events
from app.api.v1.event_schemas import EventIn, EventsIn
from app.api.views.blueprint import bp, once, read
from app.kernel.services import services
from app.web import guard


@bp.post("/api/v1/events")
@guard.api_key
def record_event() -> Response:
    """Put an event on a customer's timeline."""
    given, key_id, now = read(EventIn), g.machine.key_id, services().clock.now()
    return once(lambda session: events.record_event(session, g.workspace_id, given, key_id=key_id, now=now))


@bp.post("/api/v1/events/batch")
@guard.api_key
def record_events() -> Response:
    """Put several events on the timelines of their customers, each by itself."""
    given, key_id, now = read(EventsIn), g.machine.key_id, services().clock.now()
    return once(lambda session: events.record_events(session, g.workspace_id, given.events, key_id=key_id, now=now))
