"""Background jobs of commerce: working off webhooks, deleting old ones, and owned items that follow from orders."""

from __future__ import annotations

from datetime import timedelta

from app.accounts import workspaces
from app.commerce.connectors import deliveries, intake
from app.commerce.imports.catalogue import undoing
from app.commerce.owned_items import following
from app.kernel.queueing.jobs import job
from app.kernel.services import Services


@job("commerce.take_webhooks")
def take_webhooks(services: Services, *, workspace_id: int) -> None:
    """Work off what waits, a batch a transaction; a second run finds nothing to do."""
    done = 1
    while done:
        with services.database.transaction(workspace_id) as session:
            done = deliveries.work_off(session, workspace_id, now=services.clock.now())
    with services.database.transaction(workspace_id) as session:
        if (due := deliveries.next_due(session, workspace_id)) is not None:
            intake.wake(session, workspace_id, at=due)


@job("commerce.take_all_webhooks", every=timedelta(minutes=1))
def take_all_webhooks(services: Services) -> None:
    """See that nothing waits for a job that never came."""

    def look_in(workspace_id: int) -> None:
        with services.database.transaction(workspace_id) as session:
            if deliveries.next_due(session, workspace_id) is not None:
                intake.wake(session, workspace_id)

    workspaces.for_each(services.database, look_in)


@job("commerce.forget_webhooks", every=timedelta(days=1))
def forget_webhooks(services: Services) -> None:
    """Delete webhooks that are past their time."""

    def forget_one(workspace_id: int) -> None:
        with services.database.transaction(workspace_id) as session:
            deliveries.forget(session, workspace_id, now=services.clock.now())

    workspaces.for_each(services.database, forget_one)


@job("commerce.follow_import")
def follow_import(services: Services, *, workspace_id: int, import_id: int) -> None:
    """Add what customers own since a file of orders came in."""
    with services.database.transaction(workspace_id) as session:
        following.follow_import(session, workspace_id, import_id, now=services.clock.now())


@job("commerce.follow_products")
def follow_products(services: Services, *, workspace_id: int, import_id: int) -> None:
    """Make owned items what they are since a file of products said how long they last."""
    with services.database.transaction(workspace_id) as session:
        undoing.follow(session, workspace_id, import_id, now=services.clock.now())


@job("commerce.follow_product")
def follow_product(services: Services, *, workspace_id: int, product_id: int) -> None:
    """Make owned items what they are since a product lasts otherwise than it did."""
    with services.database.transaction(workspace_id) as session:
        following.follow_product(session, workspace_id, product_id, now=services.clock.now())
