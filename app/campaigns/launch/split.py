"""What a launch would give to how many people: expected numbers by variant and language, and those held out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.campaigns.contents import Version
from app.campaigns.launch import audience
from app.campaigns.models import Campaign
from app.delivery.launching import assignments, queueing


@dataclass(frozen=True)
class Part:
    """How many people are expected to get one content."""

    version: Version
    people: int


@dataclass(frozen=True)
class Split:
    """Who gets what. Chance decides on each person by themselves, so the numbers of a launch are close to these."""

    parts: tuple[Part, ...]
    held_out: int


def expected(session: Session, campaign: Campaign, versions: Sequence[Version], *, now: datetime) -> Split | None:
    """Return what the mailable recipients would get, or None where everybody gets the same or nobody is chosen.

    Cheap under `transaction(workspace_id, reading=True)`.
    """
    if len(versions) == 1 and not campaign.holdout_percent:
        return None
    if not audience.is_chosen(campaign):
        return None
    recipients = queueing.recipients_query(
        campaign.workspace_id,
        audience.query(session, campaign, now=now),
        purpose="marketing",
        topic_id=campaign.topic_id or 0,
        is_transactional=False,
        now=now,
    ).subquery()
    language = func.lower(recipients.c.language)
    query = select(language, func.count()).where(recipients.c.reason.is_(None)).group_by(language)
    return divide(versions, dict(session.execute(query).all()), campaign.holdout_percent)


def divide(versions: Sequence[Version], speakers: Mapping[str | None, int], holdout_percent: int) -> Split:
    """Divide people, counted by their language, between contents; the first version is in the default language."""
    languages = list(dict.fromkeys(each.content.language for each in versions))
    readers: Counter[str] = Counter()
    for spoken, count in speakers.items():
        readers[assignments.language_for(spoken, languages)] += count
    weights = {each.variant.id: each.variant.weight for each in versions}
    share = (100 - holdout_percent) / 100 / (sum(weights.values()) or 1)
    parts = [Part(each, round(readers[each.content.language] * each.variant.weight * share)) for each in versions]
    return Split(tuple(parts), round(readers.total() * holdout_percent / 100))
