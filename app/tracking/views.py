"""Who waits for an answer? The replies on the home page."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, g, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.customers import naming, people
from app.kernel.services import services
from app.tracking import replies
from app.web import guard, shell

bp = Blueprint("tracking", __name__, template_folder="templates")


def home_panel(session: Session, workspace_id: int, subject_id: int, now: datetime) -> str:
    """Draw the replies that wait, for the home page; nothing when nobody waits."""
    waiting = replies.list_waiting(session, workspace_id, limit=5)
    if not waiting:
        return ""
    people_of = {reply.customer_id: people.get(session, workspace_id, reply.customer_id) for reply in waiting}
    names = {each.id: naming.full_name(each.first_name, each.last_name) for each in people_of.values()}
    count = replies.count_waiting(session, workspace_id)
    return render_template("tracking/waiting.html", replies=waiting, people=people_of, names=names, count=count)


@bp.post("/replies/<int:reply_id>/done")
@guard.role("marketer")
def finish(reply_id: int) -> Response:
    with services().database.transaction(g.workspace.id) as session:
        replies.finish(session, g.workspace.id, reply_id, now=services().clock.now())
    return shell.back("/", _("Done."), undo=url_for("tracking.reopen", reply_id=reply_id))


@bp.post("/replies/<int:reply_id>/reopen")
@guard.role("marketer")
def reopen(reply_id: int) -> Response:
    with services().database.transaction(g.workspace.id) as session:
        replies.reopen(session, g.workspace.id, reply_id)
    return shell.back("/", _("This reply waits again."))
