"""What accounts do by themselves."""

from __future__ import annotations

from datetime import timedelta

from app.accounts import mail_allowances, sessions
from app.kernel import registry
from app.kernel.services import Services


@registry.job("accounts.sweep_sessions", every=timedelta(days=1))
def sweep_sessions(services: Services) -> None:
    """Forget browsers whose session has run out."""
    with services.database.transaction(None) as session:
        sessions.sweep(session, now=services.clock.now())


@registry.job("accounts.sweep_mail_allowances", every=timedelta(days=1))
def sweep_mail_allowances(services: Services) -> None:
    """Forget how much mail staff caused on days that are over."""
    with services.database.transaction(None) as session:
        mail_allowances.sweep(session, now=services.clock.now())
