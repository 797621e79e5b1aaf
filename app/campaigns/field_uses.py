"""Which fields the mails of a workspace's campaigns fill in."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.campaigns.models import Campaign, CampaignContent, CampaignVariant
from app.customers.quality import uses

# So many campaigns are looked at, the newest first: what was sent long ago needs no value any more.
NEWEST = 200


def of_campaigns(session: Session, workspace_id: int) -> Iterator[set[str]]:
    """Yield for each of the newest campaigns the names of the fields its contents fill in."""
    newest = select(Campaign.id).where(Campaign.workspace_id == workspace_id).order_by(Campaign.id.desc()).limit(NEWEST)
    said = func.concat_ws("\n", CampaignContent.subject, CampaignContent.preheader, CampaignContent.source)
    query = (
        select(CampaignVariant.campaign_id, func.string_agg(said, "\n"))
        .join(
            CampaignContent,
            (CampaignContent.workspace_id == CampaignVariant.workspace_id)
            & (CampaignContent.variant_id == CampaignVariant.id),
        )
        .where(CampaignVariant.workspace_id == workspace_id, CampaignVariant.campaign_id.in_(newest))
        .group_by(CampaignVariant.campaign_id)
    )
    for _, texts in session.execute(query.execution_options(yield_per=50)):
        yield set(uses.in_template(texts))
