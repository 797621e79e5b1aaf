"""Campaigns as lists show them: where each stands, what was sent and clicked, what waits for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.campaigns import contents
from app.campaigns.models import Campaign, CampaignSend, CampaignState
from app.campaigns.reports import kept
from app.campaigns.reports.rates import Share, of_delivered
from app.customers.timeline import activity_queries
from app.delivery.models import SendState
from app.delivery.sending import outage_holds, send_queries
from app.delivery.sending.sends import STAFF

# A campaign is sending while any of its sends is, paused when all that is left of it is.
_BY_PRECEDENCE = {
    "preparing": CampaignState.SENDING,
    "running": CampaignState.SENDING,
    "paused": CampaignState.PAUSED,
    "cancelled": CampaignState.CANCELLED,
    "done": CampaignState.SENT,
}


@dataclass(frozen=True)
class Line:
    """A campaign in a list. `pause_reason` says why all or, while it is sending, a part of it is paused."""

    campaign: Campaign
    subject: str
    state: str
    pause_reason: str | None
    sent: int
    human_clicks: Share | None


def state_of(session: Session, campaign: Campaign) -> str:
    """Return where the campaign stands now, which its sends know best."""
    return _states(session, campaign.workspace_id, [campaign.id]).get(campaign.id, (campaign.state, None))[0]


def combined(states: Iterable[str]) -> str:
    """Return what a campaign is whose sends are in these states, of which there is at least one."""
    found = set(states)
    return next(state.value for of_send, state in _BY_PRECEDENCE.items() if of_send in found)


def foremost(pause_reasons: Iterable[str | None]) -> str | None:
    """Return the reason to tell staff: what stopped by itself, before what they stopped themselves."""
    return min((each for each in pause_reasons if each), key=lambda each: (each == STAFF, each), default=None)


def recent(
    session: Session,
    workspace_id: int,
    *,
    limit: int,
    before: tuple[datetime, int] | None = None,
    launched: bool = False,
) -> list[Line]:
    """Return campaigns by their latest change, from `before` (updated_at, id) on; with `launched`, only those."""
    query = select(Campaign).where(Campaign.workspace_id == workspace_id)
    if launched:
        query = query.where(Campaign.launched_at.is_not(None))
    if before:
        query = query.where(
            (Campaign.updated_at < before[0]) | ((Campaign.updated_at == before[0]) & (Campaign.id < before[1]))
        )
    found = list(session.scalars(query.order_by(Campaign.updated_at.desc(), Campaign.id.desc()).limit(limit)))
    numbers = [each.id for each in found]
    left = [each.id for each in found if each.launched_at]
    subjects = contents.subjects(session, workspace_id, numbers)
    states = _states(session, workspace_id, left)
    sent, clicked = _sent_and_clicked(session, workspace_id, left)
    return [
        Line(
            campaign=each,
            subject=subjects.get(each.id, ""),
            state=states.get(each.id, (each.state, None))[0],
            pause_reason=states.get(each.id, (each.state, None))[1],
            sent=sent.get(each.id, 0),
            human_clicks=of_delivered(clicked.get(each.id, 0), sent.get(each.id, 0)) if each.launched_at else None,
        )
        for each in found
    ]


def not_sent_in_time(session: Session, workspace_id: int, *, limit: int = 10) -> list[Campaign]:
    """Return what was not sent at its time, the earliest first: held because that had passed, or not ready then."""
    waits = (Campaign.state == CampaignState.HELD) | Campaign.launch_failure.is_not(None)
    query = select(Campaign).where(Campaign.workspace_id == workspace_id, waits)
    return list(session.scalars(query.order_by(Campaign.scheduled_at, Campaign.id).limit(limit)))


def held_after_outage(session: Session, workspace_id: int, *, limit: int = 10) -> list[Campaign]:
    """Return the campaigns that an outage interrupted and nobody resumed or cancelled, the earliest first."""
    sends = send_queries.states_query(workspace_id).subquery("sends_of")
    interrupted = (
        select(CampaignSend.send_id)
        .join(sends, sends.c.send_id == CampaignSend.send_id)
        .where(
            CampaignSend.workspace_id == workspace_id,
            CampaignSend.campaign_id == Campaign.id,
            sends.c.state == SendState.PAUSED,
            sends.c.pause_reason == outage_holds.PAUSE_REASON,
        )
        .correlate(Campaign)
        .exists()
    )
    query = select(Campaign).where(
        Campaign.workspace_id == workspace_id, Campaign.state == CampaignState.SENDING, interrupted
    )
    return list(session.scalars(query.order_by(Campaign.launched_at, Campaign.id).limit(limit)))


def counts_by_state(session: Session, workspace_id: int) -> dict[str, int]:
    """Return how many campaigns stand where."""
    sends = send_queries.states_query(workspace_id).subquery("sends_of")
    each = (
        select(Campaign.id, Campaign.state, func.array_agg(sends.c.state.distinct()).label("of_sends"))
        .outerjoin(
            CampaignSend,
            (CampaignSend.workspace_id == Campaign.workspace_id) & (CampaignSend.campaign_id == Campaign.id),
        )
        .outerjoin(sends, sends.c.send_id == CampaignSend.send_id)
        .where(Campaign.workspace_id == workspace_id)
        .group_by(Campaign.id, Campaign.state)
        .subquery()
    )
    query = select(each.c.state, each.c.of_sends, func.count()).group_by(each.c.state, each.c.of_sends)
    counts: dict[str, int] = {}
    for own, of_sends, count in session.execute(query):
        known = [state for state in of_sends if state]
        state = combined(known) if known else own
        counts[state] = counts.get(state, 0) + count
    return counts


def _states(session: Session, workspace_id: int, campaign_ids: Sequence[int]) -> dict[int, tuple[str, str | None]]:
    """Return what the launched ones of these campaigns are, and why they are paused."""
    sends = send_queries.states_query(workspace_id).subquery("sends_of")
    query = (
        select(CampaignSend.campaign_id, sends.c.state, sends.c.pause_reason)
        .join(sends, sends.c.send_id == CampaignSend.send_id)
        .where(CampaignSend.workspace_id == workspace_id, CampaignSend.campaign_id.in_(campaign_ids))
        .distinct()
    )
    found: dict[int, list[tuple[str, str | None]]] = {}
    for campaign_id, state, pause_reason in session.execute(query) if campaign_ids else ():
        found.setdefault(campaign_id, []).append((state, pause_reason))
    return {
        campaign_id: (combined(state for state, _why in each), foremost(why for _state, why in each))
        for campaign_id, each in found.items()
    }


def _sent_and_clicked(
    session: Session, workspace_id: int, campaign_ids: Sequence[int]
) -> tuple[dict[int, int], dict[int, int]]:
    """Return how many messages of each campaign were sent, and how many people clicked: kept, or counted now."""
    known = kept.find(session, workspace_id, campaign_ids)
    others = [campaign_id for campaign_id in campaign_ids if campaign_id not in known]
    sent, clicked = _sent(session, workspace_id, others), _clicked(session, workspace_id, others)
    return (
        sent | {campaign_id: each.sent for campaign_id, each in known.items()},
        clicked | {campaign_id: each.clicked for campaign_id, each in known.items()},
    )


def _sent(session: Session, workspace_id: int, campaign_ids: Sequence[int]) -> dict[int, int]:
    sent = send_queries.sent_query(workspace_id).subquery("sent")
    query = (
        select(CampaignSend.campaign_id, func.count())
        .join(sent, sent.c.send_id == CampaignSend.send_id)
        .where(CampaignSend.workspace_id == workspace_id, CampaignSend.campaign_id.in_(campaign_ids))
        .group_by(CampaignSend.campaign_id)
    )
    return dict(session.execute(query).all()) if campaign_ids else {}


def _clicked(session: Session, workspace_id: int, campaign_ids: Sequence[int]) -> dict[int, int]:
    """Return how many people clicked, those included whose clicks are kept no longer."""
    if not campaign_ids:
        return {}
    clicked = activity_queries.human_clicks_query(workspace_id).subquery("clicked")
    expired = activity_queries.expired_clickers_query(workspace_id).subquery("expired")
    counts: Counter[int] = Counter()
    for found, count in (
        (clicked, func.count(clicked.c.customer_id.distinct())),
        (expired, func.sum(expired.c.people)),
    ):
        query = (
            select(CampaignSend.campaign_id, count)
            .join(found, found.c.send_id == CampaignSend.send_id)
            .where(CampaignSend.workspace_id == workspace_id, CampaignSend.campaign_id.in_(campaign_ids))
            .group_by(CampaignSend.campaign_id)
        )
        counts.update({campaign_id: int(people) for campaign_id, people in session.execute(query)})
    return dict(counts)
