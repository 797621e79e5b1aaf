"""From when on a workspace calls values old and addresses silent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts import audit
from app.customers.quality.models import QualityRules
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

MOST_MONTHS = 120
_MONTH = timedelta(days=365.25 / 12)


class RulesRefused(Refusal):
    """A rule is not a number of months."""

    status = 422
    message = N_("Write a number of months from 1 to 120.")


@dataclass(frozen=True)
class Rules:
    """In months: values observed longer ago are old; who did not respond for so long to mails is silent."""

    stale_months: int = 24
    silent_months: int = 12

    def stale_before(self, now: datetime) -> datetime:
        """Return before which moment a value was observed that is old."""
        return now - self.stale_months * _MONTH

    def silent_before(self, now: datetime) -> datetime:
        """Return before which moment somebody responded last whose address is silent."""
        return now - self.silent_months * _MONTH


def read(session: Session, workspace_id: int) -> Rules:
    """Return the workspace's rules, or the usual ones."""
    kept = session.get(QualityRules, workspace_id)
    return Rules(kept.stale_months, kept.silent_months) if kept else Rules()


def save(session: Session, workspace_id: int, wanted: Rules, *, staff_id: int | None, now: datetime) -> None:
    """Judge by other rules, from the next count on; raise RulesRefused."""
    values = {"stale_months": wanted.stale_months, "silent_months": wanted.silent_months}
    for name, months in values.items():
        if not 1 <= months <= MOST_MONTHS:
            raise RulesRefused(field=name)
    keeping = insert(QualityRules).values(workspace_id=workspace_id, **values)
    session.execute(keeping.on_conflict_do_update(index_elements=["workspace_id"], set_=values))
    audit.record(
        session,
        workspace_id,
        staff_id=staff_id,
        action="quality_rules.changed",
        subject_kind="workspace",
        subject_id=workspace_id,
        details=values,
        now=now,
    )
