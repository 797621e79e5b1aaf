"""People at a step, completed, or exited."""

from __future__ import annotations

from flask import g, request
from flask.typing import ResponseReturnValue

from app.journeys import definitions, positions
from app.journeys.views.blueprint import bp
from app.journeys.views.words import REASONS, hindrance
from app.kernel import ids
from app.kernel.services import services
from app.web import guard, shell

PAGE = 50


@bp.get("/journeys/<int:journey_id>/people")
@guard.role("viewer")
def list_people(journey_id: int) -> ResponseReturnValue:
    """Show people, narrowed by `position`, `state` or `reason`; `after` is where the next page begins."""
    position, after = request.args.get("position", type=ids.read), request.args.get("after", 0, type=ids.read)
    state = _known("state", ("active", "done", "stopped"))
    reason = _known("reason", tuple(REASONS))
    with services().database.transaction(g.workspace.id) as session:
        journey = definitions.get(session, g.workspace.id, journey_id)
        found = positions.list_people(
            session, journey, position=position, state=state, reason=reason, after=after, limit=PAGE
        )
    kept = {"position": position, "state": state, "reason": reason}
    query = "&".join(f"{name}={value}" for name, value in kept.items() if value is not None)
    base = f"/journeys/{journey_id}/people"
    more = f"{base}?{query}&after={found[-1].enrolment_id}" if len(found) == PAGE else None
    values = {"journey": journey, "people": found, "more": more, "reasons": REASONS, "hindrance": hindrance}
    return shell.page("journeys/people.html", **values, **kept)


def _known(name: str, words: tuple[str, ...]) -> str | None:
    value = request.args.get(name)
    return value if value in words else None
