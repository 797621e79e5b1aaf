"""Background jobs of insight: the nightly scores."""

from __future__ import annotations

from datetime import timedelta

from app.accounts import workspaces
from app.customers.merging import aliases
from app.customers.profiles import inferred_scores
from app.insight import rfm
from app.kernel.queueing.jobs import job
from app.kernel.services import Services


@job("insight.score_nightly", every=timedelta(days=1))
def score_nightly(services: Services) -> None:
    """Score every workspace, each in a transaction of its own."""
    workspaces.for_each(services.database, lambda each: score_workspace(services, workspace_id=each))


@job("insight.score_workspace")
def score_workspace(services: Services, *, workspace_id: int) -> None:
    """Score one workspace now."""
    with services.database.transaction(workspace_id) as session:
        rfm.score_workspace(session, workspace_id, services.clock.now())


@job("insight.forget")
def forget(services: Services, *, workspace_id: int, customer_id: int) -> None:
    """Hear ConsentWithdrawn: whoever no longer allows profiling has no scores from then on."""
    with services.database.transaction(workspace_id) as session:
        customer_id = aliases.current_id(session, workspace_id, customer_id)
        if not rfm.may_profile(session, workspace_id, customer_id, services.clock.now()):
            inferred_scores.forget(session, workspace_id, [customer_id])
