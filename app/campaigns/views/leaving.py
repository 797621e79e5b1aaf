"""The review page, and the actions that launch, schedule, pause, resume or cancel a campaign."""

from __future__ import annotations

from datetime import timedelta
from math import ceil

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts.identities import identities
from app.accounts.models import SendingIdentity
from app.campaigns import compose, contents
from app.campaigns.forms import RescheduleForm
from app.campaigns.launch import launching, ready, schedule, split, stopping, timing
from app.campaigns.launch.schedule import Reviewed
from app.campaigns.models import CampaignState
from app.campaigns.studio.checks import ERROR
from app.campaigns.views import outlook, reporting, words
from app.campaigns.views.blueprint import bp
from app.campaigns.views.composing import preview_values
from app.consent import topics
from app.delivery.sending import send_queries
from app.kernel import ids
from app.kernel.refusals import NotFound, Refusal
from app.kernel.services import services
from app.web import errors, guard, language, shell


@bp.get("/campaigns/<int:campaign_id>/review")
@guard.role("marketer")
def review(campaign_id: int) -> ResponseReturnValue:
    """Say in numbers what pressing the button will do."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id, reading=True) as session:
        campaign = compose.get(session, g.workspace.id, campaign_id)
        if campaign.state != CampaignState.DRAFT:
            return shell.back(_home(campaign_id))
        counted, found = ready.look(session, campaign, public_url=services().settings.public_url, now=now)
        topic = topics.get(session, g.workspace.id, campaign.topic_id) if campaign.topic_id else None
        sender = identities.get(session, g.workspace.id, campaign.identity_id) if campaign.identity_id else None
        versions = contents.of_campaign(session, campaign)
        version = contents.chosen(versions, request.args.get("content", type=ids.read))
        shown = preview_values(session, campaign, version)
        who_gets_what = split.expected(session, campaign, versions, now=now) if counted else None
    at = campaign.scheduled_at if campaign.send_later else None
    return shell.page(
        "campaigns/review.html",
        campaign=campaign,
        audience=counted,
        outlook=outlook.describe(counted, leaves_at=at, now=now) if counted else [],
        checks=[words.check(each) for each in found],
        is_ready=all(each.level != ERROR for each in found),
        topic=topic,
        sender=sender,
        at=at,
        minutes=_minutes(sender, counted.now if counted else 0),
        content=version.content,
        tabs=words.tabs(versions, version),
        parts=words.parts(who_gets_what) if who_gets_what else [],
        **shown,
    )


@bp.post("/campaigns/<int:campaign_id>/launch")
@guard.role("marketer")
def launch(campaign_id: int) -> ResponseReturnValue:
    """Plan what the review showed, for the time it showed. Pressing twice sends once."""
    reviewed = Reviewed(request.form.get("revision", type=ids.read), services().settings.public_url)
    now = services().clock.now()
    try:
        with services().database.transaction(g.workspace.id) as session:
            at = schedule.plan(session, g.workspace.id, campaign_id, reviewed, staff_id=g.staff.id, now=now)
    except NotFound:
        raise
    except Refusal as refusal:
        return shell.back(url_for("campaigns.review", campaign_id=campaign_id), errors.say(refusal), tone="danger")
    if at is None:
        return shell.back(_home(campaign_id), _("The campaign is being sent."))
    message = _("The campaign is scheduled for %(at)s.", at=language.moment(at))
    return shell.back(_home(campaign_id), message, undo=url_for("campaigns.unplan", campaign_id=campaign_id))


@bp.post("/campaigns/<int:campaign_id>/unplan")
@guard.role("marketer")
def unplan(campaign_id: int) -> ResponseReturnValue:
    """Make a planned campaign a draft again."""
    with services().database.transaction(g.workspace.id) as session:
        schedule.unplan(session, g.workspace.id, campaign_id, staff_id=g.staff.id, now=services().clock.now())
    return shell.back(_home(campaign_id), _("The campaign is a draft again. Nothing was sent."))


@bp.post("/campaigns/<int:campaign_id>/send-held")
@guard.role("marketer")
def send_held(campaign_id: int) -> ResponseReturnValue:
    """Send now what was held because its time had passed."""
    with services().database.transaction(g.workspace.id) as session:
        schedule.send_held(session, g.workspace.id, campaign_id, staff_id=g.staff.id, now=services().clock.now())
    return shell.back(_home(campaign_id), _("The campaign is being sent."))


@bp.post("/campaigns/<int:campaign_id>/reschedule")
@guard.role("marketer")
def reschedule(campaign_id: int) -> ResponseReturnValue:
    """Give a planned or held campaign another time; a time that cannot be is refused beside the field."""
    form, now = RescheduleForm(), services().clock.now()
    try:
        at = timing.at_local_time(form.at.data or "", g.workspace.time_zone)
        with services().database.transaction(g.workspace.id) as session:
            schedule.reschedule(session, g.workspace.id, campaign_id, at=at, staff_id=g.staff.id, now=now)
    except NotFound:
        raise
    except Refusal as refusal:
        form.refuse(refusal)
        with services().database.transaction(g.workspace.id, reading=True) as session:
            campaign = compose.get(session, g.workspace.id, campaign_id)
            if campaign.state not in (CampaignState.SCHEDULED, CampaignState.HELD):
                return shell.back(_home(campaign_id), errors.say(refusal), tone="danger")
            return reporting.page(session, campaign, form=form), 422
    return shell.back(_home(campaign_id), _("The campaign is scheduled for %(at)s.", at=language.moment(at)))


@bp.post("/campaigns/<int:campaign_id>/pause")
@guard.role("marketer")
def pause(campaign_id: int) -> ResponseReturnValue:
    """Stop it, say honestly what can no longer be stopped, and offer to take that back."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        again = stopping.pause(session, g.workspace.id, campaign_id, staff_id=g.staff.id, now=now)
        gone, waiting = _gone_and_waiting(session, campaign_id)
    message = _(
        "Paused. Already sent, and not to be called back: %(gone)s. Still waiting: %(waiting)s.",
        gone=words.people(gone),
        waiting=words.people(waiting),
    )
    return shell.back(_home(campaign_id), message, undo=again)


@bp.post("/campaigns/<int:campaign_id>/resume")
@guard.role("marketer")
def resume(campaign_id: int) -> ResponseReturnValue:
    """Send the rest, and offer to take that back."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        again = stopping.resume(session, g.workspace.id, campaign_id, staff_id=g.staff.id, now=now)
        _gone, waiting = _gone_and_waiting(session, campaign_id)
    message = _("Resumed for the rest: %(waiting)s.", waiting=words.people(waiting))
    return shell.back(_home(campaign_id), message, undo=again)


@bp.post("/campaigns/<int:campaign_id>/cancel")
@guard.role("marketer")
def cancel(campaign_id: int) -> ResponseReturnValue:
    """Cancel the rest, and offer to take that back."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        stopped, again = stopping.cancel(session, g.workspace.id, campaign_id, staff_id=g.staff.id, now=now)
    message = _("Cancelled. %(stopped)s will not get this mail.", stopped=words.people(stopped))
    return shell.back(_home(campaign_id), message, undo=again)


def _home(campaign_id: int) -> str:
    return url_for("campaigns.show", campaign_id=campaign_id)


def _minutes(sender: SendingIdentity | None, mails: int) -> int | None:
    """Return how long the sending takes where a rate is set, in minutes."""
    rate = sender.rate_per_second if sender else None
    return ceil(timedelta(seconds=mails / float(rate)) / timedelta(minutes=1)) if rate else None


def _gone_and_waiting(session: Session, campaign_id: int) -> tuple[int, int]:
    """Return how many mails have left and how many wait."""
    numbers = launching.send_ids(session, g.workspace.id, campaign_id)
    parts = send_queries.progress_of_many(session, g.workspace.id, numbers).values()
    gone = sum(each.sent + each.handed + each.in_doubt for each in parts)
    return gone, sum(each.queued + each.waiting for each in parts)
