"""What campaigns do by themselves."""

from __future__ import annotations

from datetime import timedelta

from app.accounts import workspaces
from app.campaigns import deletion, schedule
from app.kernel.registry import job
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


@job("campaigns.forget_deleted", every=timedelta(days=1))
def forget_deleted(services: Services) -> None:
    """Forget for good the drafts that were deleted long enough ago."""

    def forget_one(workspace_id: int) -> None:
        with services.database.transaction(workspace_id) as session:
            deletion.forget(session, workspace_id, now=services.clock.now())

    workspaces.for_each(services.database, forget_one)
