"""Decisions: every answer of the gate but a plain send, kept to say later why a mail came late or not at all.

Rows are only ever added, by privilege. The one way out is age: row-level security lets the application delete what is
older than thirty days, which the daily job does once a row is older than the operator's setting says. An answer that
repeats a message's latest one (same rule, same time) is not written again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Insert, delete, func, insert, literal, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import CTE

from app.delivery import words
from app.delivery.models import DecisionAnswer, MessageDecision, Send

LEAST_KEPT_DAYS = 30
PRUNED_AT_ONCE = 20_000
SHOWN = 20


@dataclass(frozen=True, slots=True)
class KeptDecision:
    """One answer about one message; `why` is a message id."""

    at: datetime
    answer: str
    rule: str
    why: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many messages a rule held back at some time."""

    rule: str
    messages: int


def of_messages(session: Session, workspace_id: int, message_ids: Sequence[int]) -> dict[int, list[KeptDecision]]:
    """Return what was decided about these messages, the newest first, of each the newest twenty."""
    place = func.row_number().over(partition_by=MessageDecision.message_id, order_by=MessageDecision.id.desc())
    ranked = (
        select(MessageDecision, place.label("place"))
        .where(MessageDecision.workspace_id == workspace_id, MessageDecision.message_id.in_(message_ids))
        .subquery("ranked")
    )
    rows = session.execute(select(ranked).where(ranked.c.place <= SHOWN).order_by(ranked.c.message_id, ranked.c.place))
    found: dict[int, list[KeptDecision]] = {}
    for row in rows:
        why = words.decision(row.answer, row.rule)
        kept = KeptDecision(row.at, row.answer, row.rule, why, row.until)
        found.setdefault(row.message_id, []).append(kept)
    return found


def count_waits(session: Session, workspace_id: int, *, kind: str, source_id: int) -> list[RuleCount]:
    """Count the messages of a campaign or a journey's step by the rules that ever held them back, the most first."""
    of_source = select(Send.id).where(
        Send.workspace_id == workspace_id, Send.kind == kind, Send.source_id == source_id
    )  # fmt: skip
    messages = func.count(MessageDecision.message_id.distinct())
    rows = session.execute(
        select(MessageDecision.rule, messages)
        .where(
            MessageDecision.workspace_id == workspace_id,
            MessageDecision.send_id.in_(of_source),
            MessageDecision.answer == DecisionAnswer.WAIT,
        )
        .group_by(MessageDecision.rule)
        .order_by(messages.desc(), MessageDecision.rule)
        .limit(100)
    )
    return [RuleCount(*row) for row in rows]


def insert_held_out(workspace_id: int, inserted: CTE, *, holdout: float, now: datetime) -> Insert:
    """Note, in the statement of a launch, who was held out and how likely that was.

    `inserted` has the columns id, send_id and reason of the messages just written.
    """
    rows = select(
        literal(workspace_id),
        inserted.c.id,
        inserted.c.send_id,
        literal(now),
        literal(DecisionAnswer.HELD_OUT.value),
        inserted.c.reason,
        literal(holdout),
    ).where(inserted.c.reason == "held_out")
    names = ("workspace_id", "message_id", "send_id", "at", "answer", "rule", "propensity")
    return insert(MessageDecision).from_select(names, rows)


def prune(session: Session, workspace_id: int, *, kept_days: int, now: datetime) -> int:
    """Delete some of the decisions older than the installation keeps them; return how many."""
    before = now - timedelta(days=max(kept_days, LEAST_KEPT_DAYS))
    old = (
        select(MessageDecision.message_id, MessageDecision.id)
        .where(MessageDecision.workspace_id == workspace_id, MessageDecision.at < before)
        .limit(PRUNED_AT_ONCE)
        .subquery("old")
    )
    pruned = session.execute(
        delete(MessageDecision)
        .where(
            MessageDecision.workspace_id == workspace_id,
            MessageDecision.message_id == old.c.message_id,
            MessageDecision.id == old.c.id,
        )
        .returning(MessageDecision.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(pruned)
