"""The kept numbers of large campaigns: counted by a job, so that no page counts a million messages.

Campaigns of up to `COUNTED_AT_SIGHT` recipients are counted whenever somebody looks. The numbers of larger ones are
counted anew every ten seconds while they are sent, a million recipients' every fifty, and less often as a campaign
grows older afterwards, so that they are late by a fiftieth of its age at most; reports say when that was.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.campaigns.models import Campaign, CampaignResults, CampaignSend
from app.campaigns.reports import numbers
from app.campaigns.reports.numbers import Numbers
from app.delivery.sending import send_queries
from app.kernel.queueing import outbox

COUNTED_AT_SIGHT = 5_000
_SOONEST = timedelta(seconds=10)
_PER_RECIPIENT = timedelta(microseconds=50)
_SHARE_OF_AGE = 50
# Whatever comes after is too little to be looked for.
_UNTIL = timedelta(days=500)


def begin(session: Session, campaign: Campaign, *, recipients: int, now: datetime) -> None:
    """Note how many recipients a campaign was launched to; the numbers of a large one are counted from now on."""
    if recipients <= COUNTED_AT_SIGHT:
        return
    row = {"workspace_id": campaign.workspace_id, "campaign_id": campaign.id, "recipients": recipients}
    session.execute(insert(CampaignResults).values(**row).on_conflict_do_nothing())
    _wake(session, campaign, now + _SOONEST)


def find(session: Session, workspace_id: int, campaign_ids: Sequence[int]) -> dict[int, Numbers]:
    """Return the kept numbers of those of these campaigns that have any, with their sends as they stand now."""
    if not campaign_ids:
        return {}
    query = select(CampaignResults).where(
        CampaignResults.workspace_id == workspace_id,
        CampaignResults.campaign_id.in_(campaign_ids),
        CampaignResults.counted_at.is_not(None),
    )
    rows = session.scalars(query)
    found = {
        row.campaign_id: numbers.load(row.numbers, counted_at=row.counted_at)
        for row in rows
        if row.numbers is not None and row.counted_at is not None
    }
    states = _states(session, workspace_id, [send_id for each in found.values() for send_id in each.of_sends])
    return {campaign_id: each.with_states(states) for campaign_id, each in found.items()}


def recount(session: Session, workspace_id: int, campaign_id: int, *, now: datetime) -> None:
    """Count a large campaign's numbers anew, and have that done again in time; twice at once does no harm."""
    campaign = session.get(Campaign, (workspace_id, campaign_id))
    kept = session.get(CampaignResults, (workspace_id, campaign_id))
    if campaign is None or kept is None or campaign.launched_at is None:
        return
    sent = select(CampaignSend.send_id).where(
        CampaignSend.workspace_id == workspace_id, CampaignSend.campaign_id == campaign_id
    )
    counted = numbers.count(session, workspace_id, list(session.scalars(sent.order_by(CampaignSend.send_id))), now=now)
    kept.numbers, kept.counted_at = numbers.dump(counted), now
    age, pause = now - campaign.launched_at, max(_SOONEST, kept.recipients * _PER_RECIPIENT)
    if not all(each.is_over for each in counted.of_sends.values()):
        _wake(session, campaign, now + pause)
    elif age < _UNTIL:
        _wake(session, campaign, now + max(pause, age / _SHARE_OF_AGE))
    session.flush()


def recount_soon(session: Session, campaign: Campaign) -> None:
    """Have a large campaign's numbers counted anew at once, as somebody has changed it."""
    if session.get(CampaignResults, (campaign.workspace_id, campaign.id)) is not None:
        _wake(session, campaign, None)


def _states(session: Session, workspace_id: int, send_ids: Sequence[int]) -> dict[int, tuple[str, str | None]]:
    states = send_queries.states_query(workspace_id).subquery("states")
    rows = session.execute(select(states).where(states.c.send_id.in_(send_ids)))
    return {send_id: (state, pause_reason) for send_id, state, pause_reason in rows}


def _wake(session: Session, campaign: Campaign, at: datetime | None) -> None:
    outbox.enqueue(
        session,
        "campaigns.count_results",
        workspace_id=campaign.workspace_id,
        campaign_id=campaign.id,
        run_at=at,
        key=f"campaigns.results:{campaign.workspace_id}:{campaign.id}",
    )
