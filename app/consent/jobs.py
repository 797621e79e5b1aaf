"""Background jobs of consent: expiry of permissions, and the nightly check of the ledger."""

from datetime import timedelta

from app.accounts import workspaces
from app.consent.ledger import checks, deadlines
from app.kernel.queueing.jobs import job
from app.kernel.services import Services


@job("consent.expire_permissions", every=timedelta(hours=1))
def expire_permissions(services: Services) -> None:
    """Record the end of every permission whose day has come, a thousand at a time."""

    def expire_in(workspace_id: int) -> None:
        expired = 1
        while expired:
            with services.database.transaction(workspace_id) as session:
                expired = deadlines.expire_due(session, workspace_id, now=services.clock.now())

    workspaces.for_each(services.database, expire_in)


@job("consent.look_over", every=timedelta(days=1))
def look_over(services: Services, *, workspace_id: int | None = None) -> None:
    """Verify one workspace's ledger, or every one."""

    def look_over_one(each: int) -> None:
        with services.database.transaction(each) as session:
            checks.run_check(session, each, now=services.clock.now())

    if workspace_id is None:
        workspaces.for_each(services.database, look_over_one)
    else:
        look_over_one(workspace_id)
