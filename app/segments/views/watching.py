"""Watches a segment from its page, so that one sees who enters and leaves it, or stops."""

from __future__ import annotations

from flask import g, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.kernel.services import services
from app.segments import segments
from app.segments.membership import watching
from app.segments.views.blueprint import bp
from app.web import guard, shell


@bp.post("/segments/<int:segment_id>/watch")
@guard.role("marketer")
def watch(segment_id: int) -> ResponseReturnValue:
    """Keep from now on who enters and leaves the segment."""
    with services().database.transaction(g.workspace.id) as session:
        watching.watch(session, g.workspace.id, segment_id, now=services().clock.now())
        name = segments.get(session, g.workspace.id, segment_id).name
    return shell.back(url_for("segments.show", segment_id=segment_id), _("“%(name)s” is watched.", name=name))


@bp.post("/segments/<int:segment_id>/unwatch")
@guard.role("marketer")
def unwatch(segment_id: int) -> ResponseReturnValue:
    """Keep no longer who is in the segment."""
    with services().database.transaction(g.workspace.id) as session:
        watching.unwatch(session, g.workspace.id, segment_id)
        name = segments.get(session, g.workspace.id, segment_id).name
    return shell.back(url_for("segments.show", segment_id=segment_id), _("“%(name)s” is no longer watched.", name=name))
