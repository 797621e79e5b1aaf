"""Reads and writes a workspace's cadence policy."""

from __future__ import annotations

from datetime import time
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.cadence.decide import Cap, Policy
from app.cadence.models import CadencePolicy
from app.cadence.quiet_hours import EVERY_DAY, Hours
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

# Cautious until somebody decides otherwise: not in the night, and never every day.
DEFAULT = Policy(cap=Cap(limit=4, days=7), hours=Hours(quiet_from=time(21), quiet_until=time(8)))


class PolicyRefused(Refusal):
    """The rules contradict themselves or leave no moment at all."""

    status = 422
    message = N_("These rules would never let a mail be sent.")


def get(session: Session, workspace_id: int) -> Policy:
    """Return what holds for this workspace."""
    row = session.get(CadencePolicy, workspace_id)
    if row is None:
        return DEFAULT
    cap = Cap(row.cap_limit, row.cap_days) if row.cap_limit and row.cap_days else None
    return Policy(cap=cap, hours=Hours(row.quiet_from, row.quiet_until, frozenset(row.sending_days)))


def version(session: Session, workspace_id: int) -> int:
    """Return how many times the rules were put in force; 0 for the default rules."""
    row = session.get(CadencePolicy, workspace_id)
    return row.version if row else 0


def change(session: Session, workspace_id: int, policy: Policy) -> None:
    """Put this policy in force; it holds for every message that has not left yet. Raise PolicyRefused."""
    _check(policy)
    row = _held(session, workspace_id)
    for name, value in _columns(policy).items():
        setattr(row, name, value)
    row.version += 1
    session.flush()


def hold(session: Session, workspace_id: int) -> Policy:
    """Return what holds for this workspace, and keep others from changing it until the transaction ends."""
    _held(session, workspace_id)
    return get(session, workspace_id)


def _held(session: Session, workspace_id: int) -> CadencePolicy:
    default = insert(CadencePolicy).values(workspace_id=workspace_id, **_columns(DEFAULT))
    session.execute(default.on_conflict_do_nothing())
    return session.get_one(CadencePolicy, workspace_id, with_for_update=True, populate_existing=True)


def _columns(policy: Policy) -> dict[str, Any]:
    return {
        "cap_limit": policy.cap.limit if policy.cap else None,
        "cap_days": policy.cap.days if policy.cap else None,
        "quiet_from": policy.hours.quiet_from,
        "quiet_until": policy.hours.quiet_until,
        "sending_days": sorted(policy.hours.days),
    }


def _check(policy: Policy) -> None:
    hours = policy.hours
    if not hours.days or not hours.days <= EVERY_DAY:
        raise PolicyRefused(N_("Choose at least one sending day."), field="sending_days")
    if (hours.quiet_from is None) != (hours.quiet_until is None):
        raise PolicyRefused(N_("Quiet hours need a beginning and an end."), field="quiet_until")
    if hours.quiet_from is not None and hours.quiet_from == hours.quiet_until:
        raise PolicyRefused(N_("Quiet hours that end when they begin would last all day."), field="quiet_until")
    if policy.cap and not (1 <= policy.cap.limit <= 40 and 1 <= policy.cap.days <= 366):
        raise PolicyRefused(N_("Allow between 1 and 40 mails in between 1 and 366 days."), field="cap_limit")
