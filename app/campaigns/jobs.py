"""Background jobs of campaigns: launches at their time, and the numbers of large campaigns."""

from __future__ import annotations

from app.campaigns.launch import schedule
from app.campaigns.reports import kept
from app.kernel.queueing.jobs import job
from app.kernel.services import Services


@job("campaigns.launch_planned")
def launch_planned(services: Services, *, workspace_id: int, campaign_id: int) -> None:
    """Launch a campaign whose time has come; a second run finds it launched."""
    with services.database.transaction(workspace_id) as session:
        schedule.launch_planned(
            session,
            workspace_id,
            campaign_id,
            now=services.clock.now(),
            public_url=services.settings.public_url,
        )


@job("campaigns.count_results")
def count_results(services: Services, *, workspace_id: int, campaign_id: int) -> None:
    """Count what came of a large campaign, and ask to be called again."""
    with services.database.transaction(workspace_id) as session:
        kept.recount(session, workspace_id, campaign_id, now=services.clock.now())
