"""Judges stored hits anew with the current rules; raw facts stay, only verdicts change."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.customers.timeline import hit_queries
from app.tracking.hits import stored_hits, storing, verdicts
from app.tracking.hits.stored_hits import StoredHit

_CUSTOMERS_AT_ONCE = 1000


def rescore(session: Session, workspace_id: int, *, now: datetime, within: timedelta = timedelta(days=3650)) -> int:
    """Judge every message's hits of the period anew together, and return how many verdicts changed."""
    changed, above, since = 0, 0, now - within
    while customer_ids := hit_queries.customers_above(
        session, workspace_id, above, since=since, limit=_CUSTOMERS_AT_ONCE
    ):
        above = customer_ids[-1]
        changed += _rescore(session, workspace_id, stored_hits.since(session, workspace_id, customer_ids, since))
    return changed


def _rescore(session: Session, workspace_id: int, stored: list[StoredHit]) -> int:
    if not stored:
        return 0
    by_message: dict[int, list[StoredHit]] = defaultdict(list)
    for known in stored:
        by_message[known.message_id].append(known)
    sent = storing.sent_times(session, workspace_id, by_message.keys(), first_hit_at=stored[0].hit.at)
    revised = []
    for message_id, hits in by_message.items():
        judgements = verdicts.judge([known.hit for known in hits], sent_at=sent.get(message_id))
        revised += [
            (known, judgement)
            for known, judgement in zip(hits, judgements, strict=True)
            if known.verdict != judgement.verdict or known.version != verdicts.VERSION
        ]
    stored_hits.revise(session, workspace_id, revised)
    return len(revised)
