"""The list of journeys."""

from __future__ import annotations

from flask import g, request, url_for
from flask.typing import ResponseReturnValue

from app.journeys import blockers, definitions, positions
from app.journeys.views.blueprint import bp
from app.kernel import ids
from app.kernel.services import services
from app.web import guard, shell

PAGE = 50


@bp.get("/journeys")
@guard.role("viewer")
def list_journeys() -> ResponseReturnValue:
    """Show the journeys with how many people are under way; `before` is where an older page begins."""
    before = request.args.get("before", type=ids.read)
    with services().database.transaction(g.workspace.id) as session:
        journeys = definitions.list_all(session, g.workspace.id, before=before, limit=PAGE)
        active = positions.count_active(session, g.workspace.id, [journey.id for journey in journeys])
        ways_in = definitions.trigger_names(session, g.workspace.id, journeys)
        live = [journey for journey in journeys if journey.state == "live"]
        blocked = blockers.list_for_many(session, g.workspace.id, live, now=services().clock.now())
    more = url_for("journeys.list_journeys", before=journeys[-1].id) if len(journeys) == PAGE else None
    values = {"journeys": journeys, "active": active, "ways_in": ways_in, "blockers": blocked, "more": more}
    return shell.page("journeys/list.html", **values)
