"""The list of campaigns, and creating, copying and deleting one."""

from __future__ import annotations

from datetime import datetime

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.campaigns import compose, contents, deletion
from app.campaigns.forms import NewForm
from app.campaigns.library import designs
from app.campaigns.reports import overview
from app.campaigns.studio import previews
from app.campaigns.views import words
from app.campaigns.views.blueprint import bp
from app.consent import topics
from app.kernel import ids
from app.kernel.refusals import NotFound
from app.kernel.services import services
from app.rendering import subjects
from app.web import guard, shell

_PAGE = 30


@bp.get("/campaigns")
@guard.role("viewer")
def index() -> str:
    """Show the campaigns, the latest change first."""
    before = _position(request.args.get("before", ""))
    with services().database.transaction(g.workspace.id, reading=True) as session:
        lines = overview.recent(session, g.workspace.id, limit=_PAGE + 1, before=before)
        counts = overview.counts_by_state(session, g.workspace.id)
        named = topics.named(session, g.workspace.id, {line.campaign.topic_id or 0 for line in lines})
    shown = lines[:_PAGE]
    last = shown[-1].campaign if len(lines) > _PAGE else None
    more = url_for("campaigns.index", before=f"{last.updated_at.isoformat()}~{last.id}") if last else None
    failures = {line.campaign.id: words.launch_failure(line.campaign) for line in shown}
    values = {"lines": shown, "counts": counts, "topics": named, "more": more, "failures": failures}
    return shell.page("campaigns/index.html", **values)


@bp.get("/campaigns/new")
@guard.role("marketer")
def new() -> str:
    """Ask what the campaign is about."""
    with services().database.transaction(g.workspace.id) as session:
        form = _new_form(session)
    return shell.page("campaigns/new.html", form=form, designs=designs.DESIGNS)


@bp.post("/campaigns/new")
@guard.role("marketer")
def create() -> ResponseReturnValue:
    """Start a draft and open it."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        form = _new_form(session)
        if not form.validate_on_submit():
            return shell.page("campaigns/new.html", form=form, designs=designs.DESIGNS), 422
        design = form.design.data or ""
        campaign = compose.start(
            session,
            g.workspace.id,
            name=form.name.data,
            topic_id=int(form.topic.data),
            design=design,
            staff_id=g.staff.id,
            now=now,
        )
    there = "campaigns.design" if design in designs.BY_KEY else "campaigns.show"
    return shell.back(url_for(there, campaign_id=campaign.id))


@bp.get("/campaigns/designs/<design>")
@guard.role("viewer")
def design_mail(design: str) -> ResponseReturnValue:
    """Answer with a design of the library as a mail, for a sandboxed frame."""
    if design not in designs.BY_KEY:
        raise NotFound
    with services().database.transaction(g.workspace.id, reading=True) as session:
        html = previews.design(session, g.workspace.id, design, now=services().clock.now())
    return shell.framed(html)


@bp.post("/campaigns/<int:campaign_id>/copy")
@guard.role("marketer")
def copy(campaign_id: int) -> ResponseReturnValue:
    """Start a draft that says the same."""
    with services().database.transaction(g.workspace.id) as session:
        made = compose.copy(session, g.workspace.id, campaign_id, staff_id=g.staff.id, now=services().clock.now())
    return shell.back(url_for("campaigns.show", campaign_id=made.id), _("This is a copy. Nothing has been sent."))


@bp.post("/campaigns/<int:campaign_id>/delete")
@guard.role("marketer")
def delete(campaign_id: int) -> ResponseReturnValue:
    """Forget a draft, and offer to bring it back."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        again = deletion.delete(session, g.workspace.id, campaign_id, staff_id=g.staff.id, now=now)
    return shell.back(url_for("campaigns.index"), _("The draft is deleted."), undo=again)


def search(session: Session, workspace_id: int, text: str) -> list[tuple[str, str, str]]:
    """Answer the search box: campaigns whose name or subject holds the text."""
    found = compose.find(session, workspace_id, text, limit=5)
    written = contents.subjects(session, workspace_id, [each.id for each in found])
    pages = [url_for("campaigns.show", campaign_id=each.id) for each in found]
    return [(each.name, subjects.filled(written[each.id]), page) for each, page in zip(found, pages, strict=True)]


def _new_form(session: Session) -> NewForm:
    form = NewForm()
    form.topic.choices = [(str(topic.id), topic.name) for topic in topics.list_active(session, g.workspace.id)]
    return form


def _position(typed: str) -> tuple[datetime, int] | None:
    at, _separator, number = typed.partition("~")
    try:
        return datetime.fromisoformat(at), ids.read(number)
    except ValueError:
        return None
