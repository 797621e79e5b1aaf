"""The page on which a campaign is written, with its checks and preview."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from flask import g, make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts.identities import identities
from app.campaigns import compose, contents, variants
from app.campaigns.compose import Edit
from app.campaigns.contents import Version
from app.campaigns.drafts import content_draft_of, draft_of
from app.campaigns.forms import ContentForm, SettingsForm, local_time
from app.campaigns.launch import audience, ready, timing
from app.campaigns.models import Campaign, CampaignState
from app.campaigns.studio import previews, tag_translation
from app.campaigns.views import reporting, words
from app.campaigns.views.blueprint import bp
from app.consent import topics
from app.kernel import ids
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.kernel.translatable import N_
from app.segments import segments
from app.segments.preview import Person
from app.web import errors, guard, shell

MODES = ("desktop", "phone", "dark", "text")


class VersionRemoved(Refusal):
    """The content that was written on is not there any more."""

    status = 409
    message = N_("This variant or language was removed in another window. Your text is still here and is not saved.")


@bp.get("/campaigns/<int:campaign_id>")
@guard.role("viewer")
def show(campaign_id: int) -> str:
    """Show a draft to write on, and anything later as its report."""
    with services().database.transaction(g.workspace.id, reading=True) as session:
        campaign = compose.get(session, g.workspace.id, campaign_id)
        if campaign.state != CampaignState.DRAFT:
            return reporting.page(session, campaign)
        versions = contents.of_campaign(session, campaign)
        version = contents.chosen(versions, _content_id())
        settings, content = _settings(session, campaign, versions), ContentForm()
        settings.fill(draft_of(campaign), time_zone=g.workspace.time_zone)
        settings.show()
        content.show(content_draft_of(version.content))
        _mark_time(settings, campaign)
        values = _page_values(session, campaign, versions, version)
    return shell.page("campaigns/compose.html", settings=settings, written=content, **values)


@bp.post("/campaigns/<int:campaign_id>/save")
@guard.role("marketer")
def save(campaign_id: int) -> ResponseReturnValue:
    """Keep what was written; answer with the page as it is now, or lead on."""
    with services().database.transaction(g.workspace.id) as session:
        campaign = compose.locked(session, g.workspace.id, campaign_id)
        versions = contents.of_campaign(session, campaign)
        version = contents.chosen(versions, _content_id())
        was_written_in = version.content.format
        settings, content = _settings(session, campaign, versions), ContentForm()
        refusal = _keep(session, campaign, versions, settings, content)
    if not settings.at.errors:
        _mark_time(settings, campaign)
    if not shell.is_live():
        return _answer_page(campaign, settings, content, refusal)
    if refusal:
        told = {"campaign": campaign, "content_id": _content_id() or version.content.id, **_refused(refusal)}
        return shell.page("campaigns/_not_saved.html", **told)
    with services().database.transaction(g.workspace.id, reading=True) as session:
        values = _fresh(session, campaign_id)
    response = make_response(shell.page("campaigns/_saved.html", settings=settings, written=content, **values))
    if version.content.format != was_written_in:
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
        version = contents.chosen(contents.of_campaign(session, campaign), _content_id())
        values = preview_values(session, campaign, version)
    return shell.page("campaigns/_preview.html", campaign=campaign, **values)


@bp.get("/campaigns/<int:campaign_id>/mail")
@guard.role("viewer")
def mail(campaign_id: int) -> ResponseReturnValue:
    """Answer with the mail itself, for a sandboxed frame."""
    mode = request.args.get("mode", "desktop")
    with services().database.transaction(g.workspace.id, reading=True) as session:
        campaign = compose.get(session, g.workspace.id, campaign_id)
        content = contents.chosen(contents.of_campaign(session, campaign), _content_id()).content
        try:
            shown = previews.show(
                session, campaign, content, public_url=services().settings.public_url, customer_id=_customer_id()
            )
        except Refusal:
            return shell.framed(shell.page("campaigns/frame_broken.html"))
    if mode == "text":
        return shell.framed(shell.page("campaigns/frame_text.html", text=shown.text))
    return shell.framed(previews.in_the_dark(shown.html) if mode == "dark" else shown.html)


@bp.post("/campaigns/<int:campaign_id>/test")
@guard.role("marketer")
def test(campaign_id: int) -> ResponseReturnValue:
    """Send the mail to the staff member's own address, as the person in the preview would get it.

    Whoever sees personal data masked gets it as the sample person would.
    """
    with services().database.transaction(g.workspace.id) as session:
        campaign = compose.get(session, g.workspace.id, campaign_id)
        content = contents.chosen(contents.of_campaign(session, campaign), _content_id()).content
        previews.send_test(
            session,
            campaign,
            content,
            to_address=g.staff.email,
            customer_id=_customer_id(),
            settings=services().settings,
            now=services().clock.now(),
        )
    message = _("A test is on its way to %(address)s. Its links lead nowhere.", address=g.staff.email)
    return shell.back(url_for("campaigns.show", campaign_id=campaign_id, content=_content_id()), message)


def _answer_page(
    campaign: Campaign, settings: SettingsForm, content: ContentForm, refusal: Refusal | None
) -> ResponseReturnValue:
    """Lead on where the draft is kept; otherwise show what was typed again, with what is wrong at its place."""
    if refusal is None and not settings.at.errors:
        return _lead_on(campaign.id, request.form.get("then", ""))
    with services().database.transaction(g.workspace.id, reading=True) as session:
        values = _fresh(session, campaign.id)
    told = _refused(refusal) if refusal else {}
    if refusal:
        told |= {name: request.form.get(name, "") for name in ("revision", "content_revision")}
    status = refusal.status if refusal else 422
    # What is wrong is far down the page: the browser goes there.
    values |= {"is_time_wrong": refusal is None, "content_id": _content_id() or values["content_id"]}
    return shell.page("campaigns/compose.html", settings=settings, written=content, **values, **told), status


def _lead_on(campaign_id: int, then: str) -> ResponseReturnValue:
    """Go where the pressed button leads: to the review, the variants, another content, or back to the page."""
    if then == "review":
        return shell.back(url_for("campaigns.review", campaign_id=campaign_id))
    if then == "design":
        return shell.back(url_for("campaigns.design", campaign_id=campaign_id, content=_content_id()))
    if then == "versions":
        return shell.back(url_for("campaigns.versions", campaign_id=campaign_id))
    if then.startswith("content:"):
        there = url_for("campaigns.show", campaign_id=campaign_id, content=then.removeprefix("content:"))
        return shell.back(f"{there}#content")
    return shell.back(url_for("campaigns.show", campaign_id=campaign_id, content=_content_id()), _("Draft saved."))


def _refused(refusal: Refusal) -> dict[str, Any]:
    return {"message": errors.say(refusal), "is_conflict": isinstance(refusal, compose.EditedElsewhere)}


def _keep(
    session: Session, campaign: Campaign, versions: list[Version], settings: SettingsForm, content: ContentForm
) -> Refusal | None:
    """Save both forms; a refusal is returned, since the text must stay on the page whatever is wrong with it.

    Settings are told apart field by field (`EditForm`), a content by its revision: whoever writes another variant or
    language, or changes another setting, is in nobody's way.
    """
    content_id = _content_id()
    version = contents.chosen(versions, content_id)
    if content_id is not None and version.content.id != content_id:
        return VersionRemoved()
    overwrites = bool(request.form.get("overwrite"))
    current = _settings(session, campaign, versions, formdata=None)
    current.fill(draft_of(campaign), time_zone=g.workspace.time_zone)
    if settings.conflicting(current) and not overwrites:
        return compose.EditedElsewhere()
    seen_before, seen_now = settings.seen.data, json.loads(settings.noted())
    settings.rebase(current)
    draft = settings.draft(draft_of(campaign), time_zone=g.workspace.time_zone)
    edit = Edit(
        draft=draft,
        content_id=version.content.id,
        content=content.draft(content_draft_of(version.content)),
        **_written_on(campaign, version, overwrites=overwrites, is_shown=bool(seen_before)),
    )
    try:
        compose.save(session, campaign.workspace_id, campaign.id, edit, now=services().clock.now())
    except Refusal as refusal:
        settings.seen.data = seen_before
        return refusal
    if settings.at.errors:
        seen_now["at"] = current.at.data
    settings.seen.data = json.dumps(seen_now)
    return None


def _written_on(campaign: Campaign, version: Version, *, overwrites: bool, is_shown: bool) -> dict[str, int]:
    """Return the revisions this page was opened at: those on record where somebody overwrites.

    Settings that came with what was shown have been compared already.
    """
    posted, of_content = (request.form.get(name, type=ids.read) for name in ("revision", "content_revision"))
    if of_content is None and posted == campaign.revision:
        of_content = version.content.revision
    return {
        "revision": campaign.revision if overwrites or is_shown else posted or 0,
        "content_revision": version.content.revision if overwrites else of_content or 0,
    }


def _mark_time(form: SettingsForm, campaign: Campaign) -> None:
    """Say at the field what is wrong with the time the draft shall leave."""
    try:
        if campaign.send_later:
            timing.require_time(campaign.scheduled_at, now=services().clock.now())
    except Refusal as refusal:
        form.refuse(refusal)


def _settings(session: Session, campaign: Campaign, versions: list[Version], **given: None) -> SettingsForm:
    form = SettingsForm(**given)
    form.offer(
        [(topic.id, topic.name) for topic in topics.list_active(session, campaign.workspace_id)],
        [(segment.id, segment.name) for segment in segments.list_all(session, campaign.workspace_id)],
        [(each.id, words.sender(each)) for each in identities.list_identities(session, campaign.workspace_id)],
    )
    form.offer_languages(variants.languages(versions))
    return form


def _fresh(session: Session, campaign_id: int) -> dict[str, Any]:
    campaign = compose.get(session, g.workspace.id, campaign_id)
    versions = contents.of_campaign(session, campaign)
    return _page_values(session, campaign, versions, contents.chosen(versions, _content_id()))


def _page_values(session: Session, campaign: Campaign, versions: list[Version], version: Version) -> dict[str, Any]:
    """Return everything around the form: numbers, checks, preview."""
    now = services().clock.now()
    public_url, content_id = services().settings.public_url, version.content.id
    counted, found = ready.look(session, campaign, public_url=public_url, now=now, content_id=content_id)
    checks = [words.check(each) for each in found]
    return {
        "campaign": campaign,
        "content": version.content,
        "failure": words.launch_failure(campaign),
        "audience": counted,
        "earliest": local_time(now, g.workspace.time_zone),
        "checks": checks,
        "unchecked": len(versions) - 1,
        "tabs": words.tabs(versions, version),
        "foreign": tag_translation.find(session, version.content),
        "problems": [
            {"line": each["line"], "column": each["column"], "message": each["message"]}
            for each in checks
            if each["line"] and each["content_id"] in (None, version.content.id)
        ],
        "names": compose.merge_names(session, g.workspace.id),
        **preview_values(session, campaign, version),
    }


def preview_values(session: Session, campaign: Campaign, version: Version) -> dict[str, Any]:
    """Return the people the mail can be seen as, and how its subject reads to the one chosen."""
    mode = request.values.get("mode", "desktop")
    customer_id = _customer_id()
    people: list[Person] = []
    if g.personal_data != guard.MASKED:
        with suppress(Refusal):
            people = audience.some_people(session, campaign, now=services().clock.now())
    if customer_id is None and people:
        customer_id = people[0].customer_id
    try:
        subject = previews.subject(session, campaign, version.content, customer_id=customer_id)
    except Refusal:
        subject = version.content.subject
    return {
        "people": people,
        "customer_id": customer_id,
        "content_id": version.content.id,
        "mode": mode if mode in MODES else "desktop",
        "subject": subject,
    }


def _customer_id() -> int | None:
    """Return as whom the mail is shown; a mail says more of somebody than could be masked in it."""
    return None if g.personal_data == guard.MASKED else request.values.get("customer", type=ids.read)


def _content_id() -> int | None:
    return request.values.get("content", type=ids.read)
