"""People who allow, or no longer allow, that something is inferred about them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.consent import actions
from app.consent.ledger.evidence import Evidence
from app.customers.models import Customer
from tests.factories import NOON


def allow_profiling(session: Session, customer: Customer, *, now: datetime = NOON) -> None:
    """The customer says yes to profiling."""
    evidence = Evidence(method="test")
    actions.grant(
        session, customer.workspace_id, customer.id, purpose="profiling", topic_id=0, evidence=evidence, now=now
    )


def withdraw_profiling(session: Session, customer: Customer, *, now: datetime = NOON + timedelta(hours=1)) -> None:
    """The customer says no to profiling."""
    actions.withdraw(
        session,
        customer.workspace_id,
        customer.id,
        purpose="profiling",
        topic_id=0,
        evidence=Evidence(method="test"),
        now=now,
    )
