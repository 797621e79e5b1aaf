"""The boxes of a sign-up request: what was ticked or left, as it is kept, shown again and recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy.orm import Session

from app.consent import topics
from app.consent.ledger.evidence import Evidence, Wording
from app.consent.ledger.record import Entry
from app.consent.models import SignupRequest
from app.consent.purposes import ALL_TOPICS, Event
from app.consent.signup.signup_forms import Choice
from app.consent.texts import consent_texts, wording

Box = dict[str, Any]


def kept(given: Sequence[Choice], declined: Sequence[Choice]) -> dict[str, list[Box]]:
    """Return both as plain values that can be kept with the request."""
    return {"given": [_box(choice) for choice in given], "declined": [_box(choice) for choice in declined]}


def ticked(row: SignupRequest) -> list[Box]:
    """Return the ticked boxes that this request is about: topics whose mail was due, and the other purposes."""
    return [box for box in row.choices["given"] if not box["topic_id"] or box["topic_id"] in row.topic_ids]


def words(session: Session, row: SignupRequest, box: Box) -> str:
    """Return the words that stood beside the box."""
    given = box["wording"]
    notice = consent_texts.get(session, row.workspace_id, given["consent_text_id"])
    return wording.fill(notice.text, language=notice.language, sender=given["filled"].get("sender", ""))


def entry(session: Session, row: SignupRequest, box: Box, event: Event, evidence: Evidence) -> Entry:
    """Return the ledger record of one box."""
    topic = topics.get(session, row.workspace_id, box["topic_id"]) if box["topic_id"] else None
    return Entry(
        event=event,
        customer_id=row.customer_id,
        purpose=box["purpose"],
        evidence=replace(evidence, wording=Wording(**box["wording"])),
        topic_id=box["topic_id"],
        topic_key=topic.key if topic else None,
        promise=topic.promise if topic else None,
        address_digest=row.address_digest,
    )


def _box(choice: Choice) -> Box:
    topic_id = choice.topic.id if choice.topic else ALL_TOPICS
    return {"purpose": choice.purpose, "topic_id": topic_id, "wording": asdict(choice.shown.wording)}
