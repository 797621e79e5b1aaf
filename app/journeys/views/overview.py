"""Which journeys are there?"""

from __future__ import annotations

from flask import g
from flask.typing import ResponseReturnValue

from app.journeys import definitions, standing
from app.journeys.views.blueprint import bp
from app.kernel.services import services
from app.web import guard, shell


@bp.get("/journeys")
@guard.role("viewer")
def list_journeys() -> ResponseReturnValue:
    """Show every journey with how many people are under way."""
    with services().database.transaction(g.workspace.id) as session:
        journeys = definitions.list_all(session, g.workspace.id)
        active = standing.count_active(session, g.workspace.id)
        ways_in = {journey.id: definitions.trigger_name(session, journey) for journey in journeys}
    return shell.page("journeys/list.html", journeys=journeys, active=active, ways_in=ways_in)
