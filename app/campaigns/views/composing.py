"""The page on which a campaign is written, with its checks and preview."""

from __future__ import annotations

import json
from typing import Any

from flask import g, make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts.identities import identities
from app.campaigns import audience, compose, previews, ready, schedule, tag_translation
from app.campaigns.drafts import draft_of
from app.campaigns.forms import ComposeForm, local_time
from app.campaigns.models import Campaign, CampaignState
from app.campaigns.views import reporting, words
from app.campaigns.views.blueprint import bp
from app.consent import topics
from app.kernel import ids
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.segments import segments
from app.web import errors, guard, shell

MODES = ("desktop", "phone", "dark", "text")


@bp.get("/campaigns/<int:campaign_id>")
@guard.role("viewer")
def show(campaign_id: int) -> str:
    """Show a draft to write on, and anything later as its report."""
    with services().database.transaction(g.workspace.id, reading=True) as session:
        campaign = compose.get(session, g.workspace.id, campaign_id)
        if campaign.state != CampaignState.DRAFT:
            return reporting.page(session, campaign)
        form = _form(session)
        form.show(draft_of(campaign), time_zone=g.workspace.time_zone)
        _mark_time(form, campaign)
        values = _page_values(session, campaign)
    return shell.page("campaigns/compose.html", form=form, **values)


@bp.post("/campaigns/<int:campaign_id>/save")
@guard.role("marketer")
def save(campaign_id: int) -> ResponseReturnValue:
    """Keep what was written; answer with the page as it is now, or lead on to the review."""
    with services().database.transaction(g.workspace.id) as session:
        form = _form(session)
        was_written_in = compose.get(session, g.workspace.id, campaign_id).format
        refusal = _keep(session, campaign_id, form)
        campaign = compose.get(session, g.workspace.id, campaign_id)
    if not form.at.errors:
        _mark_time(form, campaign)
    if not shell.is_live():
        return _answer_page(campaign, form, refusal)
    if refusal:
        return shell.page("campaigns/_not_saved.html", campaign=campaign, **_refused(refusal))
    with services().database.transaction(g.workspace.id, reading=True) as session:
        values = _page_values(session, campaign)
    response = make_response(shell.page("campaigns/_saved.html", form=form, **values))
    if campaign.format != was_written_in:
        # The editor speaks another language now.
        response.headers["HX-Refresh"] = "true"
    response.headers["HX-Trigger"] = json.dumps({"editor:problems": {"problems": values["problems"]}})
    return response


@bp.get("/campaigns/<int:campaign_id>/preview")
@guard.role("viewer")
def preview(campaign_id: int) -> str:
    """Show the preview pane as another person or in another size."""
    with services().database.transaction(g.workspace.id, reading=True) as session:
        campaign = compose.get(session, g.workspace.id, campaign_id)
        values = preview_values(session, campaign)
    return shell.page("campaigns/_preview.html", campaign=campaign, **values)


@bp.get("/campaigns/<int:campaign_id>/mail")
@guard.role("viewer")
def mail(campaign_id: int) -> ResponseReturnValue:
    """Answer with the mail itself, for a sandboxed frame."""
    mode = request.args.get("mode", "desktop")
    with services().database.transaction(g.workspace.id, reading=True) as session:
        campaign = compose.get(session, g.workspace.id, campaign_id)
        try:
            shown = previews.show(
                session, campaign, public_url=services().settings.public_url, customer_id=_customer_id()
            )
        except Refusal:
            return shell.framed(shell.page("campaigns/frame_broken.html"))
    if mode == "text":
        return shell.framed(shell.page("campaigns/frame_text.html", text=shown.text))
    return shell.framed(previews.in_the_dark(shown.html) if mode == "dark" else shown.html)


@bp.post("/campaigns/<int:campaign_id>/test")
@guard.role("marketer")
def test(campaign_id: int) -> ResponseReturnValue:
    """Send the mail to the staff member's own address, as the person in the preview would get it."""
    with services().database.transaction(g.workspace.id) as session:
        previews.send_test(
            session,
            compose.get(session, g.workspace.id, campaign_id),
            to_address=g.staff.email,
            customer_id=_customer_id(),
            settings=services().settings,
            now=services().clock.now(),
        )
    message = _("A test is on its way to %(address)s. Its links lead nowhere.", address=g.staff.email)
    return shell.back(url_for("campaigns.show", campaign_id=campaign_id), message)


def _answer_page(campaign: Campaign, form: ComposeForm, refusal: Refusal | None) -> ResponseReturnValue:
    """Lead on where the draft is kept; otherwise show what was typed again, with what is wrong at its place."""
    if refusal is None and not form.at.errors:
        if request.form.get("then") == "review":
            return shell.back(url_for("campaigns.review", campaign_id=campaign.id))
        return shell.back(url_for("campaigns.show", campaign_id=campaign.id), _("Draft saved."))
    with services().database.transaction(g.workspace.id, reading=True) as session:
        values = _page_values(session, campaign)
    told = _refused(refusal) | {"revision": request.form.get("revision", "")} if refusal else {}
    status = refusal.status if refusal else 422
    # What is wrong is far down the page: the browser goes there.
    values["is_time_wrong"] = refusal is None
    return shell.page("campaigns/compose.html", form=form, **values, **told), status


def _refused(refusal: Refusal) -> dict[str, Any]:
    return {"message": errors.say(refusal), "is_conflict": isinstance(refusal, compose.EditedElsewhere)}


def _keep(session: Session, campaign_id: int, form: ComposeForm) -> Refusal | None:
    """Save the form; a refusal is returned, since the text must stay on the page whatever is wrong with it."""
    campaign = compose.get(session, g.workspace.id, campaign_id)
    revision = request.form.get("revision", type=ids.read) or 0
    if request.form.get("overwrite"):
        revision = campaign.revision
    draft = form.draft(draft_of(campaign), time_zone=g.workspace.time_zone)
    try:
        compose.save(session, g.workspace.id, campaign_id, draft, revision=revision, now=services().clock.now())
    except Refusal as refusal:
        return refusal
    return None


def _mark_time(form: ComposeForm, campaign: Campaign) -> None:
    """Say at the field what is wrong with the time the draft shall leave."""
    try:
        if campaign.send_later:
            schedule.require_time(campaign.scheduled_at, now=services().clock.now())
    except Refusal as refusal:
        form.refuse(refusal)


def _form(session: Session) -> ComposeForm:
    form = ComposeForm()
    form.offer(
        [(topic.id, topic.name) for topic in topics.list_active(session, g.workspace.id)],
        [(segment.id, segment.name) for segment in segments.list_all(session, g.workspace.id)],
        [(each.id, words.sender(each)) for each in identities.list_identities(session, g.workspace.id)],
    )
    return form


def _page_values(session: Session, campaign: Campaign) -> dict[str, Any]:
    """Return everything around the form: numbers, checks, preview."""
    now = services().clock.now()
    counted, found = ready.look(session, campaign, public_url=services().settings.public_url, now=now)
    checks = [words.check(each) for each in found]
    return {
        "campaign": campaign,
        "failure": words.launch_failure(campaign),
        "audience": counted,
        "earliest": local_time(now, g.workspace.time_zone),
        "checks": checks,
        "foreign": tag_translation.find(session, campaign),
        "problems": [
            {"line": each["line"], "column": each["column"], "message": each["message"]}
            for each in checks
            if each["line"]
        ],
        "names": compose.merge_names(session, g.workspace.id),
        **preview_values(session, campaign),
    }


def preview_values(session: Session, campaign: Campaign) -> dict[str, Any]:
    """Return the people the mail can be seen as, and how its subject reads to the one chosen."""
    mode = request.values.get("mode", "desktop")
    customer_id = _customer_id()
    try:
        people = audience.some_people(session, campaign, now=services().clock.now())
    except Refusal:
        people = []
    if customer_id is None and people:
        customer_id = people[0].customer_id
    try:
        subject = previews.subject(session, campaign, customer_id=customer_id)
    except Refusal:
        subject = campaign.subject
    return {
        "people": people,
        "customer_id": customer_id,
        "mode": mode if mode in MODES else "desktop",
        "subject": subject,
    }


def _customer_id() -> int | None:
    return request.values.get("customer", type=ids.read)
