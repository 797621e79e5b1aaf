"""Pauses, resumes and cancels campaigns under way, and takes each of the three back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import audit, undo
from app.campaigns import compose
from app.campaigns.launch import launching
from app.campaigns.models import Campaign, CampaignState
from app.campaigns.reports import kept
from app.delivery.sending import sends
from app.kernel import page_links
from app.kernel.page_links import PageLink
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

# A cancelling is taken back for as long as what was said is likely to hold.
UNDO_FOR = timedelta(hours=1)
_PAUSED, _RESUMED, _CANCELLED = "campaigns.paused", "campaigns.resumed", "campaigns.cancelled"


class TooLateToUndo(Refusal):
    """What was said then may have lost its sense by now."""

    message = N_("This was cancelled too long ago to be taken back. Copy the campaign to send it again.")


class NotLaunched(Refusal):
    """There is nothing under way to stop or go on with."""

    message = N_("This campaign has not been launched.")


def pause(session: Session, workspace_id: int, campaign_id: int, *, staff_id: int, now: datetime) -> PageLink:
    """Let nothing more leave; return what takes it back. Raise NotLaunched or sends.NotRunning."""
    campaign, send_ids = _launched(session, workspace_id, campaign_id)
    paused = sends.pause_many(session, workspace_id, send_ids)
    if not paused:
        raise sends.NotRunning
    before = {"id": campaign.id, "state": campaign.state, "sends": paused, "at": now.isoformat()}
    campaign.state, campaign.updated_at = CampaignState.PAUSED, now
    audit.note(session, campaign, "campaign.paused", staff_id=staff_id, now=now)
    return undo.keep(session, workspace_id, kind=_PAUSED, values=before, staff_id=staff_id, now=now)


def take_pause_back(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime
) -> undo.Restored:
    """Resume what a pause stopped, and nothing that something else did; raise undo.UndoOver when nothing is left."""
    campaign, _send_ids = _launched(session, workspace_id, values["id"])
    _require_untouched(campaign, values)
    if not sends.resume_many(session, workspace_id, values["sends"], paused_for=sends.STAFF):
        raise undo.UndoOver
    campaign.state = values["state"]
    audit.note(session, campaign, "campaign.resumed", staff_id=staff_id, now=now)
    return undo.Restored(_page(campaign), N_("The campaign is being sent again."))


def resume(session: Session, workspace_id: int, campaign_id: int, *, staff_id: int, now: datetime) -> PageLink:
    """Send exactly the rest; return what takes it back. Raise NotLaunched or sends.NotRunning."""
    campaign, send_ids = _launched(session, workspace_id, campaign_id)
    resumed = sends.resume_many(session, workspace_id, send_ids)
    if not resumed:
        raise sends.NotRunning
    before = {"id": campaign.id, "state": campaign.state, "sends": resumed, "at": now.isoformat()}
    campaign.state, campaign.updated_at = CampaignState.SENDING, now
    audit.note(session, campaign, "campaign.resumed", staff_id=staff_id, now=now)
    return undo.keep(session, workspace_id, kind=_RESUMED, values=before, staff_id=staff_id, now=now)


def take_resuming_back(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime
) -> undo.Restored:
    """Pause what was resumed, each part for the reason it had; raise undo.UndoOver when none of it runs any more."""
    campaign, _send_ids = _launched(session, workspace_id, values["id"])
    _require_untouched(campaign, values)
    if not sends.pause_again(session, workspace_id, _by_send(values["sends"])):
        raise undo.UndoOver
    campaign.state = values["state"]
    audit.note(session, campaign, "campaign.paused", staff_id=staff_id, now=now)
    return undo.Restored(_page(campaign), N_("The campaign is paused as it was before."))


def cancel(
    session: Session, workspace_id: int, campaign_id: int, *, staff_id: int, now: datetime
) -> tuple[int, PageLink]:
    """Cancel the rest; return how many do not get it, and what takes it back."""
    campaign, send_ids = _launched(session, workspace_id, campaign_id)
    cancelled = sends.cancel_many(session, workspace_id, send_ids, now=now)
    if not cancelled.pause_reasons:
        raise sends.NotRunning
    before = {"id": campaign.id, "state": campaign.state, "sends": cancelled.pause_reasons}
    campaign.state, campaign.updated_at = CampaignState.CANCELLED, now
    stopped = cancelled.messages
    audit.note(session, campaign, "campaign.cancelled", staff_id=staff_id, now=now, stopped=stopped)
    return stopped, undo.keep(session, workspace_id, kind=_CANCELLED, values=before, staff_id=staff_id, now=now)


def take_cancelling_back(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime
) -> undo.Restored:
    """Let whoever had not got it wait again, or stay paused for the same reason; raise TooLateToUndo."""
    campaign, _send_ids = _launched(session, workspace_id, values["id"])
    cancelled = _by_send(values["sends"])
    finished_at = sends.get(session, workspace_id, min(cancelled)).finished_at
    if finished_at is not None and now - finished_at > UNDO_FOR:
        raise TooLateToUndo
    sends.restart_many(session, workspace_id, cancelled, now=now)
    campaign.state, campaign.updated_at = values["state"], now
    audit.note(session, campaign, "campaign.restarted", staff_id=staff_id, now=now)
    return undo.Restored(_page(campaign), N_("Not cancelled after all: everything is as it was before."))


UNDO_PAUSE = undo.Opposite(_PAUSED, take_pause_back, role="marketer")
UNDO_RESUMING = undo.Opposite(_RESUMED, take_resuming_back, role="marketer")
UNDO_CANCELLATION = undo.Opposite(_CANCELLED, take_cancelling_back, role="marketer")


def _launched(session: Session, workspace_id: int, campaign_id: int) -> tuple[Campaign, list[int]]:
    """Return the campaign, locked, and its sends; raise NotLaunched."""
    campaign = compose.locked(session, workspace_id, campaign_id)
    if campaign.launched_at is None:
        raise NotLaunched
    # Whoever asks is about to change it: what its report tells is counted anew.
    kept.recount_soon(session, campaign)
    return campaign, launching.send_ids(session, workspace_id, campaign_id)


def _page(campaign: Campaign) -> PageLink:
    return page_links.to("campaigns.show", campaign_id=campaign.id)


def _require_untouched(campaign: Campaign, values: dict[str, Any]) -> None:
    """Raise undo.UndoOver where somebody paused or resumed the campaign since: what they meant stands."""
    if campaign.updated_at.isoformat() != values["at"]:
        raise undo.UndoOver


def _by_send(kept: dict[str, Any]) -> dict[int, Any]:
    """Return what was kept as JSON by the ids of its sends."""
    return {int(send_id): pause_reason for send_id, pause_reason in kept.items()}
