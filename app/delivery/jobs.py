"""The jobs of delivery. Each looks at the tables and does what is due; running twice does nothing twice."""

from __future__ import annotations

from datetime import timedelta

from app.accounts import workspaces
from app.customers.merging import aliases
from app.delivery import decisions, doubts
from app.delivery.sending import bounce_handling, lanes, recovery, sends, worker
from app.delivery.transactional import messages, staff_mail
from app.kernel.queueing import stopping
from app.kernel.queueing.jobs import job
from app.kernel.services import Services


@job("delivery.send_lane")
def send_lane(services: Services, *, workspace_id: int, lane_id: int) -> None:
    """Send what is due in one lane, and come back when the rest is."""
    worker.run(services, workspace_id, lane_id, should_stop=stopping.is_requested)
    with services.database.transaction(workspace_id) as session:
        lanes.wake_when_due(session, workspace_id, lane_id, now=services.clock.now())


@job("delivery.send_transactional")
def send_transactional(services: Services, *, workspace_id: int, lane_id: int) -> None:
    """Send the transactional mail that is due in one lane; no campaign goes before it, whosever it is."""
    worker.run(services, workspace_id, lane_id, only_transactional=True, should_stop=stopping.is_requested)
    with services.database.transaction(workspace_id) as session:
        lanes.wake_when_due(session, workspace_id, lane_id, now=services.clock.now())


@job("delivery.sweep", every=timedelta(minutes=1))
def sweep(services: Services) -> None:
    """Take back what dead senders held, queue what has become due, wake lanes nobody looks after."""

    def sweep_one(workspace_id: int) -> None:
        with services.database.transaction(workspace_id) as session:
            recovery.sweep(session, workspace_id, now=services.clock.now())

    workspaces.for_each(services.database, sweep_one)


@job("delivery.settle_doubts", every=timedelta(minutes=5))
def settle_doubts(services: Services) -> None:
    """Settle the messages in doubt that were opened, clicked or answered meanwhile."""

    def settle(workspace_id: int) -> None:
        with services.database.transaction(workspace_id) as session:
            doubts.settle_by_evidence(session, workspace_id)

    workspaces.for_each(services.database, settle)


@job("delivery.prune_decisions", every=timedelta(days=1))
def prune_decisions(services: Services) -> None:
    """Delete the decisions of the gate that are older than the operator keeps them, some at a time."""
    kept_days = services.settings.decisions_kept_days

    def prune(workspace_id: int) -> None:
        pruned = decisions.PRUNED_AT_ONCE
        while pruned == decisions.PRUNED_AT_ONCE:
            with services.database.transaction(workspace_id) as session:
                pruned = decisions.prune(session, workspace_id, kept_days=kept_days, now=services.clock.now())

    workspaces.for_each(services.database, prune)


@job("delivery.drop_withdrawn")
def drop_withdrawn(
    services: Services,
    *,
    workspace_id: int,
    customer_id: int,
    purpose: str,
    topic_id: int,
    message_id: int | None = None,
) -> None:
    """Skip what still waits for somebody who withdrew, and note which mail they left from.

    The gate would stop the waiting mail anyway; this says so at once.
    """
    if purpose != "marketing":
        return
    with services.database.transaction(workspace_id) as session:
        customer_id = aliases.current_id(session, workspace_id, customer_id)
        sends.withdraw_customer(session, workspace_id, customer_id, topic_id)
        if message_id:
            bounce_handling.record_unsubscribe(session, workspace_id, customer_id, message_id, now=services.clock.now())


@job("delivery.send_confirmation")
def send_confirmation(services: Services, *, workspace_id: int, request_id: int) -> None:
    """Ask the owner of an address whether it was them who signed up."""
    with services.database.transaction(workspace_id) as session:
        messages.ask_confirmation(session, workspace_id, request_id, now=services.clock.now())


@job("delivery.send_invitation")
def send_invitation(services: Services, *, workspace_id: int, invitation_id: int) -> None:
    """Write to somebody who was asked to join the staff."""
    with services.database.transaction(workspace_id) as session:
        messages.invite(session, workspace_id, invitation_id, services)


@job("delivery.send_staff_mail")
def send_staff_mail(services: Services, *, workspace_id: int, mail_id: int) -> None:
    """Send one mail to one of the staff."""
    staff_mail.send(services, workspace_id, mail_id)
