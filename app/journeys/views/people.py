"""People at a step, completed, or exited."""

from __future__ import annotations

from typing import Any

from flask import g, request, url_for
from flask.typing import ResponseReturnValue

from app.journeys import definitions, positions, versions
from app.journeys.positions import Narrowed
from app.journeys.views.blueprint import bp
from app.journeys.views.words import REASONS, hindrance
from app.kernel import ids
from app.kernel.services import services
from app.web import guard, shell

PAGE = 50


@bp.get("/journeys/<int:journey_id>/people")
@guard.role("viewer")
def list_people(journey_id: int) -> ResponseReturnValue:
    """Show people, narrowed by `step`, `state` or `reason`; `after` is where the next page begins."""
    after = request.args.get("after", 0, type=ids.read)
    state = _known("state", ("active", "done", "stopped"))
    reason = _known("reason", tuple(REASONS))
    with services().database.transaction(g.workspace.id) as session:
        journey = definitions.get(session, g.workspace.id, journey_id)
        flow = {each.id: each for each in versions.latest(session, journey).in_order()}
        at = flow.get(request.args.get("step", ""))
        narrowed = Narrowed(at.id if at else None, state, reason)
        found = positions.list_people(session, journey, narrowed, after=after, limit=PAGE)
    more = None
    if len(found) == PAGE:
        kept: dict[str, Any] = {"step": narrowed.step_id, "state": state, "reason": reason}
        kept["after"] = found[-1].enrolment_id
        more = url_for("journeys.list_people", journey_id=journey_id, **kept)
    values = {"journey": journey, "people": found, "more": more, "reasons": REASONS, "hindrance": hindrance}
    return shell.page("journeys/people.html", **values, at=at, state=state, reason=reason)


def _known(name: str, words: tuple[str, ...]) -> str | None:
    value = request.args.get(name)
    return value if value in words else None
