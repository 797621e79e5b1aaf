"""The settings page of websites: the snippet to copy, and what they reported last."""

from __future__ import annotations

from datetime import datetime

from flask import g, make_response, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.tracking.forms import WebsiteForm
from app.tracking.views.blueprint import bp
from app.tracking.websites import reports, websites
from app.web import guard, shell


@bp.get("/settings/websites")
@guard.role("owner")
def show_websites() -> ResponseReturnValue:
    """Show the websites with their snippets and latest reports."""
    return _page(WebsiteForm(formdata=None))


@bp.post("/settings/websites")
@guard.role("owner")
def add_website() -> ResponseReturnValue:
    """Add a website and show its secret this once."""
    form, now = WebsiteForm(), services().clock.now()
    if not form.validate():
        return _page(form, status=422)
    origins, keys = (form.origins.data or "").splitlines(), services().settings.secret_keys
    try:
        with services().database.transaction(g.workspace.id) as session:
            website, secret = websites.create(session, g.workspace.id, origins, keys=keys, now=now)
            websites.note(session, website, "website.added", staff_id=g.staff.id, now=now)
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(form, status=422)
    response = make_response(_page(WebsiteForm(formdata=None), secret=secret))
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/settings/websites/<int:website_id>/delete")
@guard.role("owner")
def delete_website(website_id: int) -> ResponseReturnValue:
    """End a website's key at once."""
    with services().database.transaction(g.workspace.id) as session:
        again = websites.end(session, g.workspace.id, website_id, staff_id=g.staff.id, now=services().clock.now())
    return shell.back(url_for("tracking.show_websites"), _("The key no longer works."), undo=again)


def settings_panel(session: Session, workspace_id: int, subject: None, now: datetime) -> str:
    """Draw which websites report."""
    return render_template("tracking/websites_panel.html", websites=websites.list_all(session, workspace_id))


def _page(form: WebsiteForm, secret: str | None = None, status: int = 200) -> ResponseReturnValue:
    with services().database.transaction(g.workspace.id) as session:
        found = websites.list_all(session, g.workspace.id)
        latest = reports.latest(session, g.workspace.id, [website.id for website in found])
    return shell.page(
        "tracking/websites.html",
        form=form,
        websites=found,
        latest=latest,
        secret=secret,
        public_url=services().settings.public_url.rstrip("/"),
    ), status
