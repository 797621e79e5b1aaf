"""Schedules campaigns and launches them when their time has come; `stopping` pauses, resumes and cancels them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import audit
from app.campaigns import compose
from app.campaigns.launch import launching, ready, timing
from app.campaigns.models import Campaign, CampaignState
from app.kernel.queueing import outbox
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

# What is later than this (the machine stood still, the queue was stuck) may have lost its sense: a person decides.
LATE = timedelta(hours=1)


class ChangedSinceReview(Refusal):
    """What would be sent is not what was shown before the button was pressed."""

    message = N_("The campaign was changed after you opened this page. Look at it again before you send it.")


class NotPlanned(Refusal):
    """There is no plan to change: it has left, or it is a draft."""

    message = N_("This campaign is not scheduled any more.")


@dataclass(frozen=True)
class Reviewed:
    """What the author saw before the button was pressed: the revision, and the public address its links lead to."""

    revision: int | None
    public_url: str


def plan(
    session: Session, workspace_id: int, campaign_id: int, reviewed: Reviewed, *, staff_id: int, now: datetime
) -> datetime | None:
    """Have it leave when its author chose, or at once; return the chosen time. Pressing twice plans once.

    What was reviewed is what is sent: nobody changes it between the comparison and the plan. Raise
    ChangedSinceReview, timing.TimeHasPassed, preflight.NotReady or launching.NotADraft.
    """
    campaign = compose.locked(session, workspace_id, campaign_id)
    chosen = campaign.scheduled_at if campaign.send_later else None
    if campaign.state != CampaignState.DRAFT:
        if campaign.launched_at is not None or campaign.state == CampaignState.SCHEDULED:
            return chosen
        raise launching.NotADraft
    if reviewed.revision != campaign.revision:
        raise ChangedSinceReview
    at = timing.require_time(chosen, now=now) if campaign.send_later else now
    ready.require(session, campaign, public_url=reviewed.public_url, now=now)
    _put_on(session, campaign, at, now)
    audit.note(session, campaign, "campaign.planned", staff_id=staff_id, now=now, at=at.isoformat())
    return chosen


def launch_planned(session: Session, workspace_id: int, campaign_id: int, *, now: datetime, public_url: str) -> None:
    """Launch a planned campaign whose time has come, unless that was too long ago.

    One that is not ready becomes a draft again, which keeps why until somebody changes or sends it.
    """
    campaign = compose.locked(session, workspace_id, campaign_id)
    if campaign.state != CampaignState.SCHEDULED or campaign.scheduled_at is None:
        return
    if campaign.scheduled_at > now:
        _wake(session, campaign, campaign.scheduled_at)
        return
    if now - campaign.scheduled_at > LATE:
        campaign.state, campaign.updated_at = CampaignState.HELD, now
        audit.note(session, campaign, "campaign.held", staff_id=None, now=now, at=campaign.scheduled_at.isoformat())
        return
    try:
        with session.begin_nested():
            launching.launch(session, workspace_id, campaign_id, now=now, public_url=public_url)
    except Refusal as refusal:
        session.refresh(campaign)
        campaign.launch_failure = _failure(refusal, campaign.scheduled_at or now)
        _put_back(campaign, now)
        audit.note(session, campaign, "campaign.held_back", staff_id=None, now=now, reason=str(refusal)[:300])


def send_held(session: Session, workspace_id: int, campaign_id: int, *, staff_id: int, now: datetime) -> None:
    """Send a held campaign after all, now. Pressing twice sends once."""
    campaign = compose.locked(session, workspace_id, campaign_id)
    if campaign.state != CampaignState.HELD:
        if campaign.launched_at is not None or campaign.state == CampaignState.SCHEDULED:
            return
        raise NotPlanned
    _put_on(session, campaign, now, now)
    audit.note(session, campaign, "campaign.planned", staff_id=staff_id, now=now, at=now.isoformat())


def reschedule(
    session: Session, workspace_id: int, campaign_id: int, *, at: datetime | None, staff_id: int, now: datetime
) -> None:
    """Give a planned or held campaign another time; raise NotPlanned or what `timing` raises."""
    campaign = compose.locked(session, workspace_id, campaign_id)
    if campaign.state not in (CampaignState.SCHEDULED, CampaignState.HELD):
        raise NotPlanned
    moment = timing.require_time(at, now=now)
    campaign.send_later = True
    _put_on(session, campaign, moment, now)
    audit.note(session, campaign, "campaign.planned", staff_id=staff_id, now=now, at=moment.isoformat())


def _put_on(session: Session, campaign: Campaign, at: datetime, now: datetime) -> None:
    campaign.state, campaign.scheduled_at, campaign.updated_at = CampaignState.SCHEDULED, at, now
    campaign.launch_failure = None
    _wake(session, campaign, at if at > now else None)


def _failure(refusal: Refusal, at: datetime) -> dict[str, Any]:
    """Return why it was not sent as values that can be kept; the page translates the message."""
    values = {name: value if isinstance(value, int) else str(value)[:300] for name, value in refusal.values.items()}
    return {"message": refusal.message, "values": values, "at": at.isoformat()}


def _put_back(campaign: Campaign, now: datetime) -> None:
    """Make it a draft that still knows which time its author chose, if one was chosen."""
    campaign.state, campaign.updated_at = CampaignState.DRAFT, now
    if not campaign.send_later:
        campaign.scheduled_at = None


def _wake(session: Session, campaign: Campaign, at: datetime | None) -> None:
    """Have the campaign looked at when its time has come; what an earlier plan left may come first, and asks anew."""
    outbox.enqueue(
        session,
        "campaigns.launch_planned",
        workspace_id=campaign.workspace_id,
        campaign_id=campaign.id,
        run_at=at,
        key=f"campaigns.launch:{campaign.workspace_id}:{campaign.id}",
    )


def unplan(session: Session, workspace_id: int, campaign_id: int, *, staff_id: int, now: datetime) -> None:
    """Make a planned or held campaign a draft again."""
    campaign = compose.locked(session, workspace_id, campaign_id)
    if campaign.state not in (CampaignState.SCHEDULED, CampaignState.HELD):
        raise NotPlanned
    _put_back(campaign, now)
    audit.note(session, campaign, "campaign.unplanned", staff_id=staff_id, now=now)
