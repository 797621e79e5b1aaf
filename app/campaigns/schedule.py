"""When does a campaign leave, and how is it stopped? Once each, whoever presses twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.accounts import audit
from app.campaigns import audience, compose, preflight
from app.campaigns.models import Campaign, CampaignState
from app.delivery import sends
from app.delivery.launching import LaunchCounts
from app.kernel import outbox
from app.kernel.refusals import Refusal

# A page left open for a moment is still "now".
_GRACE = timedelta(minutes=2)
_FARTHEST = timedelta(days=366)


class TimeHasPassed(Refusal):
    """The chosen time is over."""

    status = 422
    message = "This time has passed. Choose a later one, or send it now."


class TooFarAhead(Refusal):
    """The chosen time is more than a year away."""

    status = 422
    message = "Choose a time within the next year."


class NotADraft(Refusal):
    """The campaign is not waiting to be sent."""

    message = "This campaign is not a draft any more."


class NotLaunched(Refusal):
    """There is nothing under way to stop or go on with."""

    message = "This campaign has not been launched."


def launch(
    session: Session, workspace_id: int, campaign_id: int, *, now: datetime, public_url: str = ""
) -> LaunchCounts:
    """Send it now. A second call adds nobody and answers with the same counts; raise preflight.NotReady."""
    campaign = compose.locked(session, workspace_id, campaign_id)
    if campaign.send_id is not None:
        return _counts_of(session, campaign, campaign.send_id)
    if campaign.state not in (CampaignState.DRAFT, CampaignState.SCHEDULED):
        raise NotADraft
    counted = audience.count(session, campaign, now=now)
    preflight.require_ready(session, campaign, audience=counted, public_url=public_url or "https://preview.invalid")
    send = sends.create(
        session,
        workspace_id,
        kind="campaign",
        source_id=campaign.id,
        topic_id=campaign.topic_id,
        purpose="marketing",
        identity_id=campaign.identity_id or 0,
        content=compose.content_of(session, campaign),
        now=now,
    )
    counts = sends.launch(session, workspace_id, send.id, audience.query(session, campaign, now=now), now=now)
    campaign.send_id, campaign.state = send.id, CampaignState.SENDING
    campaign.launched_at = campaign.updated_at = now
    session.flush()
    return counts


def plan(
    session: Session, workspace_id: int, campaign_id: int, *, at: datetime | None, staff_id: int, now: datetime
) -> None:
    """Have it leave at a time, or at once with None. Pressing twice plans once; raise TimeHasPassed or NotADraft."""
    campaign = compose.locked(session, workspace_id, campaign_id)
    if campaign.state != CampaignState.DRAFT:
        if campaign.send_id is not None or campaign.state == CampaignState.SCHEDULED:
            return
        raise NotADraft
    if at is not None and at < now - _GRACE:
        raise TimeHasPassed(field="at")
    if at is not None and at > now + _FARTHEST:
        raise TooFarAhead(field="at")
    campaign.state, campaign.scheduled_at, campaign.updated_at = CampaignState.SCHEDULED, at or now, now
    _wake(session, campaign, at)
    _note(session, campaign, "campaign.planned", staff_id, now, at=campaign.scheduled_at.isoformat())


def launch_planned(session: Session, workspace_id: int, campaign_id: int, *, now: datetime, public_url: str) -> None:
    """Launch a planned campaign whose time has come; one that is not ready becomes a draft again, and says so."""
    campaign = compose.locked(session, workspace_id, campaign_id)
    if campaign.state != CampaignState.SCHEDULED or campaign.scheduled_at is None:
        return
    if campaign.scheduled_at > now:
        _wake(session, campaign, campaign.scheduled_at)
        return
    try:
        with session.begin_nested():
            launch(session, workspace_id, campaign_id, now=now, public_url=public_url)
    except Refusal as refusal:
        session.refresh(campaign)
        campaign.state, campaign.scheduled_at = CampaignState.DRAFT, None
        _note(session, campaign, "campaign.held_back", None, now, reason=str(refusal)[:300])


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
    """Make a planned campaign a draft again."""
    campaign = compose.locked(session, workspace_id, campaign_id)
    if campaign.state != CampaignState.SCHEDULED:
        raise NotADraft
    campaign.state, campaign.scheduled_at, campaign.updated_at = CampaignState.DRAFT, None, now
    _note(session, campaign, "campaign.unplanned", staff_id, now)


def pause(session: Session, workspace_id: int, campaign_id: int, *, staff_id: int, now: datetime) -> None:
    """Let nothing more leave."""
    campaign, send_id = _launched(session, workspace_id, campaign_id)
    sends.pause(session, workspace_id, send_id)
    campaign.state = CampaignState.PAUSED
    _note(session, campaign, "campaign.paused", staff_id, now)


def resume(session: Session, workspace_id: int, campaign_id: int, *, staff_id: int, now: datetime) -> None:
    """Send exactly the rest."""
    campaign, send_id = _launched(session, workspace_id, campaign_id)
    sends.resume(session, workspace_id, send_id)
    campaign.state = CampaignState.SENDING
    _note(session, campaign, "campaign.resumed", staff_id, now)


def cancel(session: Session, workspace_id: int, campaign_id: int, *, staff_id: int, now: datetime) -> int:
    """End it for good; return how many will now never get it."""
    campaign, send_id = _launched(session, workspace_id, campaign_id)
    stopped = sends.cancel(session, workspace_id, send_id, now=now)
    campaign.state, campaign.updated_at = CampaignState.CANCELLED, now
    _note(session, campaign, "campaign.cancelled", staff_id, now, stopped=stopped)
    return stopped


def at_local_time(typed: str, time_zone: str) -> datetime:
    """Read a browser's date and time as the workspace's own; raise ValueError."""
    at = datetime.fromisoformat(typed)
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(time_zone))


def _launched(session: Session, workspace_id: int, campaign_id: int) -> tuple[Campaign, int]:
    campaign = compose.locked(session, workspace_id, campaign_id)
    if campaign.send_id is None:
        raise NotLaunched
    return campaign, campaign.send_id


def _counts_of(session: Session, campaign: Campaign, send_id: int) -> LaunchCounts:
    progress = sends.progress(session, campaign.workspace_id, send_id)
    skipped = {reason: count for reason, count in progress.reasons.items() if count} if progress.skipped else {}
    return LaunchCounts(queued=progress.total - progress.skipped, skipped=skipped)


def _note(
    session: Session, campaign: Campaign, action: str, staff_id: int | None, now: datetime, **details: object
) -> None:
    audit.record(
        session,
        campaign.workspace_id,
        staff_id=staff_id,
        action=action,
        subject_kind="campaign",
        subject_id=campaign.id,
        details={"name": campaign.name, **details},
        now=now,
    )
