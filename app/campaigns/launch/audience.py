"""The recipients of a campaign: from everyone in the segment to everyone who gets it now, as counts and as a query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.campaigns.models import Campaign
from app.delivery.launching import forecast
from app.delivery.launching.forecast import Wait
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_
from app.segments import preview, segments
from app.segments.codec import Problem, RulesInvalid
from app.segments.rules import EVERYBODY, Rule


class SegmentBroken(Refusal):
    """What the segment asks about is gone, or became something else; `problem` says what, if it is known."""

    status = 422
    message = N_("The segment “%(segment)s” does not work any more. Choose another one, or change its conditions.")

    def __init__(self, segment: str, problem: Problem | None = None) -> None:
        super().__init__(field="audience", segment=segment)
        self.problem = problem


@dataclass(frozen=True)
class Audience:
    """How many are chosen and what becomes of them: `matched` minus those without an address, permission or with a
    suppressed address is `mailable`; of those, `later` wait, and `waits` says for what."""

    matched: int
    no_permission: int
    suppressed: int
    mailable: int
    later: int
    no_address: int = 0
    waits: tuple[Wait, ...] = ()

    @property
    def now(self) -> int:
        """Return how many get it at once."""
        return self.mailable - self.later

    @property
    def not_mailed(self) -> int:
        """Return how many will not get it at all."""
        return self.matched - self.mailable


def is_chosen(campaign: Campaign) -> bool:
    """Say whether the campaign knows whom it is for."""
    return campaign.topic_id is not None and (campaign.segment_id is not None or campaign.is_for_everyone)


def count(session: Session, campaign: Campaign, *, now: datetime) -> Audience | None:
    """Return the numbers if it leaves at `now`, or None while nobody is chosen; raise SegmentBroken.

    Cheap under `transaction(workspace_id, reading=True)`.
    """
    if not is_chosen(campaign) or campaign.topic_id is None:
        return None
    chosen = query(session, campaign, now=now)
    found = forecast.of_audience(session, campaign.workspace_id, chosen, campaign.topic_id, now=now)
    reasons: Mapping[str, int] = found.reasons or {}
    return Audience(
        matched=found.matched,
        no_permission=reasons.get("no_permission", 0),
        suppressed=reasons.get("suppressed", 0),
        no_address=reasons.get("no_address", 0),
        mailable=found.mailable,
        later=found.later,
        waits=found.waits,
    )


def query(session: Session, campaign: Campaign, *, now: datetime) -> Select[Any]:
    """Return the statement that selects everyone chosen, mailable or not; raise SegmentBroken."""
    with _telling(session, campaign):
        return segments.matches_query(session, campaign.workspace_id, rule_of(session, campaign), now=now)


def rule_of(session: Session, campaign: Campaign) -> Rule:
    """Return the rule that chooses the campaign's people."""
    if campaign.segment_id is None:
        return EVERYBODY
    return segments.rule_of(session, segments.get(session, campaign.workspace_id, campaign.segment_id))


def some_people(session: Session, campaign: Campaign, *, now: datetime) -> list[preview.Person]:
    """Return a few of those chosen, to see the mail as them; without a choice, a few of all; raise SegmentBroken."""
    return preview.sample(session, campaign.workspace_id, query(session, campaign, now=now), limit=12)


@contextmanager
def _telling(session: Session, campaign: Campaign) -> Iterator[None]:
    """Turn whatever is wrong with the segment's conditions into SegmentBroken."""
    try:
        yield
    except RulesInvalid as invalid:
        raise SegmentBroken(_name(session, campaign), next(iter(invalid.problems), None)) from invalid


def _name(session: Session, campaign: Campaign) -> str:
    return segments.get(session, campaign.workspace_id, campaign.segment_id or 0).name
