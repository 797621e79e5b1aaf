"""The panel of failed jobs on the home page, and the retry of all of them. For owners."""

from __future__ import annotations

from datetime import datetime

from flask import g, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.accounts import audit
from app.accounts.views.blueprint import bp
from app.kernel.queueing import failed_jobs
from app.kernel.services import services
from app.web import guard, shell

# What stands still when a job of this room does.
WORK = {
    "accounts": _("Tidying up"),
    "api": _("Tidying up"),
    "campaigns": _("Launching a scheduled campaign"),
    "consent": _("Looking after permissions"),
    "customers": _("Importing a file"),
    "delivery": _("Sending mail"),
    "insight": _("Calculating scores"),
    "journeys": _("Moving people along journeys"),
    "segments": _("Counting segments"),
    "tracking": _("Storing clicks and opens"),
}


def home_panel(session: Session, workspace_id: int, subject: None, now: datetime) -> str:
    """Tell an owner what has been given up; nothing when nothing was."""
    found = failed_jobs.list_all(session, workspace_id) if g.role == "owner" else []
    told = [(WORK.get(each.name.partition(".")[0], each.name), each) for each in found]
    return render_template("accounts/failed_jobs.html", told=told) if told else ""


@bp.post("/settings/failed-jobs/try-again")
@guard.role("owner")
def try_again() -> Response:
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        count = failed_jobs.retry(session, g.workspace.id)
        if count:
            audit.record(
                session,
                g.workspace.id,
                staff_id=g.staff.id,
                action="jobs.tried_again",
                subject_kind="workspace",
                subject_id=g.workspace.id,
                details={"jobs": count},
                now=now,
            )
    return shell.back(url_for("web.home"), gettext("It is being tried again. What fails once more will be shown here."))
