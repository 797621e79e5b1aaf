"""The stages of the life cycle, in their order, and the rules that tell them apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.customers.life_cycle.models import LifeCycleRules, LifeCycleRun
from app.customers.words import STAGES
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_, MessageId

# Why somebody stands there, with the values of a move's facts.
REASONS: Mapping[str, MessageId] = {
    "prospect": N_("No purchase, enquiry or response yet."),
    "lead": N_("Enquired or responded lately, on %(responded)s; no purchase yet."),
    "customer": N_("Bought once, on %(purchased)s."),
    "active": N_("Bought again, latest on %(purchased)s."),
    "at_risk": N_("Nothing bought since %(purchased)s."),
    "inactive": N_("Nothing bought since %(purchased)s."),
    "lapsed_inquirer": N_("Enquired or responded on %(responded)s, and never bought."),
}
__all__ = ["STAGES"]
_EVENT = re.compile(r"[a-z][a-z0-9_.]{0,59}")


@dataclass(frozen=True)
class Rules:
    """A lead enquired or responded within `lead_days`; whoever bought within `active_days` is a customer, who bought
    more than once an active one; nothing bought for longer is at risk, and inactive after `inactive_days`.
    """

    lead_days: int = 90
    active_days: int = 180
    inactive_days: int = 365
    enquiries: tuple[str, ...] = ("enquiry", "inquiry", "quote_requested", "trial_started")


class RulesRefused(Refusal):
    """These rules tell no stages apart."""

    status = 422
    message = N_("These days cannot be used.")


def rules_of(session: Session, workspace_id: int) -> Rules:
    """Return the rules of a workspace, the usual ones where it set none."""
    kept = session.get(LifeCycleRules, workspace_id)
    return Rules(kept.lead_days, kept.active_days, kept.inactive_days, tuple(kept.enquiries)) if kept else Rules()


def set_rules(session: Session, workspace_id: int, wanted: Rules) -> None:
    """Tell the stages apart by these rules from the next run on; raise RulesRefused."""
    for name in ("lead_days", "active_days", "inactive_days"):
        if not 1 <= getattr(wanted, name) <= 3650:
            raise RulesRefused(N_("Write a number of days from 1 to 3650."), field=name)
    if wanted.inactive_days <= wanted.active_days:
        raise RulesRefused(N_("Inactive comes later than at risk: write more days."), field="inactive_days")
    values = {
        "lead_days": wanted.lead_days,
        "active_days": wanted.active_days,
        "inactive_days": wanted.inactive_days,
        "enquiries": _checked(wanted.enquiries),
    }
    keeping = insert(LifeCycleRules).values(workspace_id=workspace_id, **values)
    session.execute(keeping.on_conflict_do_update(index_elements=["workspace_id"], set_=values))
    # Everybody is looked at again.
    session.execute(delete(LifeCycleRun).where(LifeCycleRun.workspace_id == workspace_id))


def _checked(names: Sequence[str]) -> list[str]:
    clean = list(dict.fromkeys(each.strip() for each in names if each.strip()))
    if len(clean) > 20 or not all(map(_EVENT.fullmatch, clean)):
        raise RulesRefused(N_("Write up to twenty names of events, in small letters, one a line."), field="enquiries")
    return clean
