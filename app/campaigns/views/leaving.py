"""When does it leave, and how is it stopped? The final screen, and the buttons of a campaign under way."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts import identities
from app.campaigns import audience, compose, preflight, schedule
from app.campaigns.models import Campaign, CampaignState
from app.campaigns.views import words
from app.campaigns.views.blueprint import bp
from app.consent import topics
from app.delivery import sends
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import errors, guard, language, shell


class BadTime(Refusal):
    """What was typed is no date and time."""

    status = 422
    message = "Choose a date and a time."


@bp.get("/campaigns/<int:campaign_id>/review")
@guard.role("marketer")
def review(campaign_id: int) -> ResponseReturnValue:
    """Say in numbers what pressing the button will do."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id, reading=True) as session:
        campaign = compose.get(session, g.workspace.id, campaign_id)
        if campaign.state != CampaignState.DRAFT:
            return shell.back(url_for("campaigns.show", campaign_id=campaign_id))
        counted = audience.count(session, campaign, now=now)
        found = preflight.inspect(session, campaign, audience=counted, public_url=services().settings.public_url)
        topic = topics.get(session, g.workspace.id, campaign.topic_id) if campaign.topic_id else None
        minutes = _minutes(session, campaign, counted.mailable if counted else 0)
    try:
        at = _chosen_time()
        problem = None
    except Refusal as refusal:
        at, problem = None, errors.say(refusal)
    return shell.page(
        "campaigns/review.html",
        campaign=campaign,
        audience=counted,
        checks=[words.check(each) for each in found],
        is_ready=problem is None and all(each.level != preflight.ERROR for each in found),
        problem=problem,
        topic=topic,
        at=at,
        typed=request.args.get("at", ""),
        minutes=minutes,
    )


@bp.post("/campaigns/<int:campaign_id>/launch")
@guard.role("marketer")
def launch(campaign_id: int) -> ResponseReturnValue:
    """Plan it for now or for later. Pressing twice sends once."""
    now = services().clock.now()
    at = _chosen_time()
    with services().database.transaction(g.workspace.id) as session:
        campaign = compose.get(session, g.workspace.id, campaign_id)
        if campaign.state == CampaignState.DRAFT:
            counted = audience.count(session, campaign, now=now)
            preflight.require_ready(session, campaign, audience=counted, public_url=services().settings.public_url)
        schedule.plan(session, g.workspace.id, campaign_id, at=at, staff_id=g.staff.id, now=now)
    if at is None:
        return shell.back(_home(campaign_id), _("The campaign is on its way."))
    message = _("The campaign will leave on %(at)s.", at=language.moment(at))
    return shell.back(_home(campaign_id), message, undo=url_for("campaigns.unplan", campaign_id=campaign_id))


@bp.post("/campaigns/<int:campaign_id>/unplan")
@guard.role("marketer")
def unplan(campaign_id: int) -> ResponseReturnValue:
    """Make a planned campaign a draft again."""
    with services().database.transaction(g.workspace.id) as session:
        schedule.unplan(session, g.workspace.id, campaign_id, staff_id=g.staff.id, now=services().clock.now())
    return shell.back(_home(campaign_id), _("The campaign is a draft again. Nothing was sent."))


@bp.post("/campaigns/<int:campaign_id>/pause")
@guard.role("marketer")
def pause(campaign_id: int) -> ResponseReturnValue:
    """Stop it, and say honestly what can no longer be stopped."""
    with services().database.transaction(g.workspace.id) as session:
        schedule.pause(session, g.workspace.id, campaign_id, staff_id=g.staff.id, now=services().clock.now())
        gone, waiting = _stand(session, campaign_id)
    message = _(
        "Paused. Already gone, and not to be called back: %(gone)s. Still waiting: %(waiting)s.",
        gone=words.people(gone),
        waiting=words.people(waiting),
    )
    return shell.back(_home(campaign_id), message, undo=url_for("campaigns.resume", campaign_id=campaign_id))


@bp.post("/campaigns/<int:campaign_id>/resume")
@guard.role("marketer")
def resume(campaign_id: int) -> ResponseReturnValue:
    """Send the rest."""
    with services().database.transaction(g.workspace.id) as session:
        schedule.resume(session, g.workspace.id, campaign_id, staff_id=g.staff.id, now=services().clock.now())
        _gone, waiting = _stand(session, campaign_id)
    message = _("Going on with the rest: %(waiting)s.", waiting=words.people(waiting))
    return shell.back(_home(campaign_id), message, undo=url_for("campaigns.pause", campaign_id=campaign_id))


@bp.post("/campaigns/<int:campaign_id>/cancel")
@guard.role("marketer")
def cancel(campaign_id: int) -> ResponseReturnValue:
    """End it for good."""
    with services().database.transaction(g.workspace.id) as session:
        stopped = schedule.cancel(session, g.workspace.id, campaign_id, staff_id=g.staff.id, now=services().clock.now())
    message = _("Ended. %(stopped)s will not get this mail.", stopped=words.people(stopped))
    return shell.back(_home(campaign_id), message)


def _home(campaign_id: int) -> str:
    return url_for("campaigns.show", campaign_id=campaign_id)


def _chosen_time() -> datetime | None:
    """Return when it shall leave, None for now; raise BadTime."""
    if request.values.get("when", "now") != "later":
        return None
    try:
        return schedule.at_local_time(request.values.get("at", ""), g.workspace.time_zone)
    except ValueError:
        raise BadTime(field="at") from None


def _minutes(session: Session, campaign: Campaign, mails: int) -> int | None:
    """Return how long the sending takes where a rate is set, in minutes."""
    if campaign.identity_id is None:
        return None
    rate = identities.get(session, g.workspace.id, campaign.identity_id).rate_per_second
    return ceil(timedelta(seconds=mails / float(rate)) / timedelta(minutes=1)) if rate else None


def _stand(session: Session, campaign_id: int) -> tuple[int, int]:
    """Return how many mails have left and how many wait."""
    campaign = compose.get(session, g.workspace.id, campaign_id)
    progress = sends.progress(session, g.workspace.id, campaign.send_id or 0)
    return progress.sent + progress.handed + progress.in_doubt, progress.queued + progress.waiting
