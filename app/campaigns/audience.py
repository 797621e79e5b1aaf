"""Who would get this campaign, and who would not? From everyone chosen to everyone who gets it now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, select
from sqlalchemy.orm import Session

from app.cadence import policies
from app.campaigns.models import Campaign
from app.consent import permission, topics
from app.customers.models import Engagement
from app.segments import preview, segments
from app.segments.rules import EVERYBODY, Rule


@dataclass(frozen=True)
class Audience:
    """How many are chosen and what becomes of them: `matched` minus the two next is `mailable`, some of them later."""

    matched: int
    no_permission: int
    suppressed: int
    mailable: int
    later: int

    @property
    def not_mailed(self) -> int:
        """Return how many will not get it at all."""
        return self.no_permission + self.suppressed


def is_chosen(campaign: Campaign) -> bool:
    """Say whether the campaign knows whom it is for."""
    return campaign.topic_id is not None and (campaign.segment_id is not None or campaign.is_for_everyone)


def count(session: Session, campaign: Campaign, *, now: datetime) -> Audience | None:
    """Return the numbers, or None while nobody is chosen. Cheap under `transaction(workspace_id, reading=True)`."""
    if not is_chosen(campaign) or campaign.topic_id is None:
        return None
    found = preview.waterfall(session, campaign.workspace_id, rule_of(session, campaign), campaign.topic_id, now)
    later = session.scalar(_later_query(session, campaign, now)) or 0
    return Audience(found.matched, found.no_permission, found.suppressed, found.mailable, later)


def query(session: Session, campaign: Campaign, *, now: datetime) -> Select[Any]:
    """Return the statement that selects everyone chosen, mailable or not."""
    return segments.matches_query(session, campaign.workspace_id, rule_of(session, campaign), now=now)


def rule_of(session: Session, campaign: Campaign) -> Rule:
    """Return the rule that chooses the campaign's people."""
    if campaign.segment_id is None:
        return EVERYBODY
    return segments.rule_of(segments.get(session, campaign.workspace_id, campaign.segment_id))


def some_people(session: Session, campaign: Campaign, *, now: datetime) -> list[preview.Person]:
    """Return a few of those chosen, to see the mail as them; without a choice, a few of all."""
    rule = rule_of(session, campaign)
    return preview.sample(session, campaign.workspace_id, rule, now=now, limit=12)


def _later_query(session: Session, campaign: Campaign, now: datetime) -> Select[int]:
    """Count who may be mailed and has had as many mails lately as the workspace or the topic allows."""
    workspace_id, topic_id = campaign.workspace_id, campaign.topic_id or 0
    matches = query(session, campaign, now=now).cte("matches")
    allowed = permission.allowed_query(workspace_id, "marketing", topic_id, now).cte("allowed")
    policy = policies.get(session, workspace_id)
    promise = topics.get(session, workspace_id, topic_id).promise
    by_topic = _contacts_since(now - timedelta(days=promise.days), topic_id) >= promise.limit
    is_full: ColumnElement[bool] = by_topic
    if policy.cap is not None:
        is_full = by_topic | (_contacts_since(now - policy.cap.window, None) >= policy.cap.limit)
    return (
        select(func.count())
        .select_from(Engagement)
        .join(matches, matches.c.customer_id == Engagement.customer_id)
        .join(allowed, allowed.c.customer_id == Engagement.customer_id)
        .where(Engagement.workspace_id == workspace_id, is_full)
    )


def _contacts_since(since: datetime, topic_id: int | None) -> ScalarSelect[int]:
    contact = (
        func.unnest(Engagement.recent_contact_at, Engagement.recent_contact_topic)
        .table_valued("at", "topic")
        .render_derived()
    )
    counted = select(func.count()).select_from(contact).where(contact.c.at > since)
    if topic_id is not None:
        counted = counted.where(contact.c.topic == topic_id)
    return counted.scalar_subquery()
