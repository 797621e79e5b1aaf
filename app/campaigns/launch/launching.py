"""Launches a campaign: one send for each of its contents, once, however often somebody asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.campaigns import compose, contents
from app.campaigns.launch import audience
from app.campaigns.models import Campaign, CampaignSend, CampaignState
from app.campaigns.reports import kept
from app.campaigns.studio import preflight
from app.campaigns.studio.preflight import Recipients
from app.delivery.launching import launches
from app.delivery.launching.assignments import Arm, Assignment
from app.delivery.launching.occasions import Occasion
from app.delivery.sending import sends
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

# Campaigns leave once; recurring ones will count up.
FIRST_OCCURRENCE = 1


class NotADraft(Refusal):
    """The campaign is not waiting to be sent."""

    message = N_("This campaign is not a draft any more.")


def launch(session: Session, workspace_id: int, campaign_id: int, *, now: datetime, public_url: str) -> None:
    """Send it now. A second call adds nobody; raise NotADraft or preflight.NotReady.

    The recipients are evaluated once: what the messages say of them is checked. The caller undoes what was written
    before a refusal.
    """
    campaign = compose.locked(session, workspace_id, campaign_id)
    if campaign.launched_at is not None:
        return
    if campaign.state not in (CampaignState.DRAFT, CampaignState.SCHEDULED):
        raise NotADraft
    preflight.require_ready(session, campaign, audience=None, public_url=public_url)
    chosen = audience.query(session, campaign, now=now)
    assignment = _create_sends(session, campaign, now)
    laid_out = launches.launch_assigned(session, workspace_id, assignment, chosen, now=now)
    preflight.require_recipients(campaign, Recipients(laid_out.total, laid_out.mailable))
    campaign.state = CampaignState.SENDING
    campaign.launched_at = campaign.updated_at = now
    campaign.launch_failure = None
    kept.begin(session, campaign, recipients=laid_out.total, now=now)
    session.flush()


def send_ids(session: Session, workspace_id: int, campaign_id: int) -> list[int]:
    """Return the sends the campaign has left with, in the order of its contents; none before it is launched."""
    query = select(CampaignSend.send_id).where(
        CampaignSend.workspace_id == workspace_id, CampaignSend.campaign_id == campaign_id
    )
    return list(session.scalars(query.order_by(CampaignSend.send_id)))


def _create_sends(session: Session, campaign: Campaign, now: datetime) -> Assignment:
    """Freeze every content as a send of the one occasion; return who gets which."""
    arms: dict[int, Arm] = {}
    workspace = workspaces.get(session, campaign.workspace_id)
    for version in contents.of_campaign(session, campaign):
        variant, content = version.variant, version.content
        send = sends.create(
            session,
            campaign.workspace_id,
            sends.NewSend(
                kind="campaign",
                source_id=campaign.id,
                topic_id=campaign.topic_id,
                purpose="marketing",
                identity_id=campaign.identity_id or 0,
                content=contents.to_mail(session, workspace, content),
                occasion=Occasion.campaign(campaign.id, FIRST_OCCURRENCE),
            ),
            now=now,
        )
        link = CampaignSend(
            workspace_id=campaign.workspace_id,
            send_id=send.id,
            campaign_id=campaign.id,
            occurrence=FIRST_OCCURRENCE,
            variant_id=variant.id,
            content_id=content.id,
        )
        session.add(link)
        # The default language comes first.
        arm = arms.setdefault(variant.id, Arm(send.id, variant.id, variant.weight, language=content.language))
        if arm.send_id != send.id:
            arms[variant.id] = replace(arm, by_language={**arm.by_language, content.language: send.id})
    session.flush()
    return Assignment(tuple(arms.values()), holdout=campaign.holdout_percent / 100)
