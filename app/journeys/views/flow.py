"""The journey's own page: who stands where, and whether it runs."""

from __future__ import annotations

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.journeys import blockers, definitions, drafts, positions, publishing, versions
from app.journeys.engine import enrolment
from app.journeys.publishing import Waiting
from app.journeys.views.blueprint import bp
from app.journeys.views.kinds import KINDS
from app.journeys.views.words import REASONS, hindrance
from app.kernel.services import services
from app.web import guard, shell


@bp.get("/journeys/<int:journey_id>")
@guard.role("viewer")
def show_journey(journey_id: int) -> ResponseReturnValue:
    """Show the flow published last with the people on it, and why others left."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        journey = definitions.get(session, g.workspace.id, journey_id)
        values = {
            "journey": journey,
            "flow": versions.latest(session, journey).in_order(),
            "waiting": positions.waiting(session, journey),
            "counts": positions.count(session, journey),
            "way_in": definitions.trigger_name(session, journey),
            "has_draft": drafts.exists(session, journey),
            "blockers": blockers.list_for(session, journey, now=now),
        }
    return shell.page("journeys/show.html", kinds=KINDS, reasons=REASONS, hindrance=hindrance, **values)


@bp.get("/journeys/<int:journey_id>/publish")
@guard.role("marketer")
def review_journey(journey_id: int) -> ResponseReturnValue:
    """Say in numbers what publishing does, or what is missing."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        journey = definitions.get(session, g.workspace.id, journey_id)
        values = {
            "journey": journey,
            "flow": drafts.shown(session, journey).in_order(),
            "problems": publishing.problems(session, journey, now=now),
            "candidates": enrolment.count_candidates(session, journey, now=now),
            "under_way": positions.count(session, journey).active,
            "way_in": definitions.trigger_name(session, journey),
            "held_back": publishing.count_held_back(session, journey),
        }
    return shell.page("journeys/publish.html", kinds=KINDS, **values)


@bp.post("/journeys/<int:journey_id>/publish")
@guard.role("marketer")
def publish_journey(journey_id: int) -> ResponseReturnValue:
    """Freeze the draft and let people in."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        done = publishing.publish(
            session, g.workspace.id, journey_id, staff_id=g.staff.id, waiting=_waiting(), now=now
        )
    entered = ngettext("%(num)s person entered.", "%(num)s people entered.", done.entered)
    return shell.back(_page(journey_id), _("The journey is live.") + " " + entered)


def _page(journey_id: int) -> str:
    return url_for("journeys.show_journey", journey_id=journey_id)


def _waiting() -> Waiting:
    is_cancelled = request.form.get("waiting") == Waiting.CANCEL
    return Waiting.CANCEL if is_cancelled else Waiting.SEND


@bp.post("/journeys/<int:journey_id>/pause")
@guard.role("marketer")
def pause_journey(journey_id: int) -> ResponseReturnValue:
    """Stop everybody where they stand."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        publishing.pause(session, g.workspace.id, journey_id, staff_id=g.staff.id, now=now)
    message = _("The journey is paused. Nobody moves on, and nothing more of it leaves.")
    return shell.back(_page(journey_id), message, undo=url_for("journeys.resume_journey", journey_id=journey_id))


@bp.post("/journeys/<int:journey_id>/resume")
@guard.role("marketer")
def resume_journey(journey_id: int) -> ResponseReturnValue:
    """Let everybody go on."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        publishing.resume(session, g.workspace.id, journey_id, staff_id=g.staff.id, now=now)
    return shell.back(_page(journey_id), _("The journey is resumed."))
