"""Background jobs of accounts: sender checks, and sweeping of sessions, mail allowances and undo steps."""

from __future__ import annotations

from datetime import timedelta

from app.accounts import mail_allowances, undo, workspaces
from app.accounts.identities import identities, resolver, sender_checks
from app.accounts.sign_in import sessions
from app.kernel.queueing.jobs import job
from app.kernel.services import Services


@job("accounts.sweep_sessions", every=timedelta(days=1))
def sweep_sessions(services: Services) -> None:
    """Forget browsers whose session has run out."""
    with services.database.transaction(None) as session:
        sessions.sweep(session, now=services.clock.now())


@job("accounts.sweep_mail_allowances", every=timedelta(days=1))
def sweep_mail_allowances(services: Services) -> None:
    """Forget how much mail staff caused on days that are over."""
    with services.database.transaction(None) as session:
        mail_allowances.sweep(session, now=services.clock.now())


@job("accounts.check_sender")
def check_sender(services: Services, *, workspace_id: int, identity_id: int) -> None:
    """Look up the DNS records of one sender. No transaction is open while name servers are waited for."""
    with services.database.transaction(workspace_id) as session:
        asked = sender_checks.ask(identities.get(session, workspace_id, identity_id), services.settings)
    findings = sender_checks.look_up(asked, resolver.of(services.settings))
    with services.database.transaction(workspace_id) as session:
        sender_checks.store(
            session, workspace_id, identity_id, asked, findings, services.settings, now=services.clock.now()
        )


@job("accounts.recheck_senders", every=timedelta(minutes=10))
def recheck_senders(services: Services) -> None:
    """Have the records of every sender looked up again each day, those of new ones each hour."""

    def recheck_in(workspace_id: int) -> None:
        now = services.clock.now()
        with services.database.transaction(workspace_id) as session:
            for identity in session.scalars(sender_checks.due_query(workspace_id, now=now)):
                identities.ask_for_check(session, identity, now=now)

    workspaces.for_each(services.database, recheck_in)


@job("accounts.sweep_undo", every=timedelta(days=1))
def sweep_undo(services: Services) -> None:
    """Forget what can no longer be taken back."""

    def sweep_one(workspace_id: int) -> None:
        with services.database.transaction(workspace_id) as session:
            undo.sweep(session, workspace_id, now=services.clock.now())

    workspaces.for_each(services.database, sweep_one)
