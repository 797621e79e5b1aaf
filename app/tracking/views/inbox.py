"""The inbox of replies, and its panel on the home page."""

from __future__ import annotations

from datetime import datetime

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.kernel import ids
from app.kernel.services import services
from app.tracking.replies import replies
from app.tracking.views.blueprint import bp
from app.web import guard, shell

PAGE = 50


@bp.get("/inbox")
@guard.role("viewer")
def inbox() -> str:
    """Show every reply that waits, oldest first; `after` is the reply the next page follows."""
    after = request.args.get("after", type=ids.read)
    with services().database.transaction(g.workspace.id) as session:
        waiting = replies.list_waiting(session, g.workspace.id, limit=PAGE, after=after)
        count = replies.count_waiting(session, g.workspace.id)
    more = url_for("tracking.inbox", after=waiting[-1].id) if len(waiting) == PAGE else None
    return shell.page("tracking/inbox.html", replies=waiting, count=count, more=more)


def home_panel(session: Session, workspace_id: int, subject: None, now: datetime) -> str:
    """Draw the replies that wait, for the home page; nothing when nobody waits."""
    waiting = replies.list_waiting(session, workspace_id, limit=5)
    if not waiting:
        return ""
    count = replies.count_waiting(session, workspace_id)
    return render_template("tracking/waiting.html", replies=waiting, count=count)


@bp.post("/replies/<int:reply_id>/done")
@guard.role("marketer")
def finish(reply_id: int) -> Response:
    with services().database.transaction(g.workspace.id) as session:
        replies.finish(session, g.workspace.id, reply_id, now=services().clock.now())
    here = guard.safe_next(request.form.get("next"))
    return shell.back(here, _("Done."), undo=url_for("tracking.reopen", reply_id=reply_id, next=here))


@bp.post("/replies/<int:reply_id>/unsubscribe")
@guard.role("marketer")
def unsubscribe(reply_id: int) -> Response:
    """Do what the reply asks for, in the judgement of whoever read it."""
    with services().database.transaction(g.workspace.id) as session:
        replies.unsubscribe(session, g.workspace.id, reply_id, staff_id=g.staff.id, now=services().clock.now())
    return shell.back(guard.safe_next(request.form.get("next")), _("Unsubscribed from everything."))


@bp.post("/replies/<int:reply_id>/reopen")
@guard.role("marketer")
def reopen(reply_id: int) -> Response:
    with services().database.transaction(g.workspace.id) as session:
        replies.reopen(session, g.workspace.id, reply_id)
    return shell.back(guard.safe_next(request.args.get("next")), _("This reply waits again."))
