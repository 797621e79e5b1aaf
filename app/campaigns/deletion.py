"""Drafts nobody wants any more: out of sight at once, to be had back for some days, then gone."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete as delete_rows
from sqlalchemy.orm import Session

from app.accounts import audit
from app.campaigns import compose
from app.campaigns.models import Campaign, CampaignState

KEPT_FOR = timedelta(days=30)


def delete(session: Session, workspace_id: int, campaign_id: int, *, staff_id: int, now: datetime) -> None:
    """Take a draft out of sight; raise compose.Frozen for what was planned or launched."""
    campaign = compose.locked(session, workspace_id, campaign_id)
    if campaign.state != CampaignState.DRAFT:
        raise compose.Frozen
    campaign.deleted_at = now
    _note(session, campaign, "campaign.deleted", staff_id, now)


def restore(session: Session, workspace_id: int, campaign_id: int, *, staff_id: int, now: datetime) -> None:
    """Bring a deleted draft back as it was; raise NotFound when there is none (any more)."""
    campaign = compose.locked(session, workspace_id, campaign_id, is_deleted=True)
    campaign.deleted_at = None
    _note(session, campaign, "campaign.restored", staff_id, now)


def forget(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Forget for good what was deleted long enough ago."""
    session.execute(
        delete_rows(Campaign).where(Campaign.workspace_id == workspace_id, Campaign.deleted_at < now - KEPT_FOR)
    )


def _note(session: Session, campaign: Campaign, action: str, staff_id: int, now: datetime) -> None:
    audit.record(
        session,
        campaign.workspace_id,
        staff_id=staff_id,
        action=action,
        subject_kind="campaign",
        subject_id=campaign.id,
        details={"name": campaign.name},
        now=now,
    )
    session.flush()
