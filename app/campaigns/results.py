"""Campaign results: counts, rates with their denominators, and human evidence apart from bots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import sqrt

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.campaigns import compose
from app.campaigns.models import Campaign, CampaignState
from app.consent import permission
from app.customers.models import Activity
from app.delivery.models import Message, MessageState, Send, SendState
from app.delivery.sending import outage_holds, sends
from app.delivery.sending.sends import Progress
from app.tracking.links import links

VERDICTS = ("human", "unsure", "proxy", "scanner")
_STATES = {"preparing": "sending", "running": "sending", "done": "sent"}


@dataclass(frozen=True)
class Share:
    """A part of a whole, with the interval its true rate lies in nineteen times out of twenty."""

    count: int
    of: int

    @property
    def rate(self) -> float | None:
        """Return the share, or None of nothing."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return the Wilson score interval (1927)."""
        if not self.of:
            return None
        z, n, rate = 1.96, self.of, self.count / self.of
        middle = (rate + z * z / (2 * n)) / (1 + z * z / n)
        reach = z / (1 + z * z / n) * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
        return max(0.0, middle - reach), min(1.0, middle + reach)


def of_delivered(people: int, delivered: int) -> Share:
    """Return the one rate of clicks or opens, in lists and reports alike: people, of all delivered to.

    Somebody may have clicked in a mail that came back later, or whose fate is in doubt: no share is more than all.
    """
    return Share(people, max(people, delivered))


@dataclass(frozen=True)
class LinkResult:
    """One link of the mail: how many people clicked it, and how many machines."""

    position: int
    url: str
    people: int
    machines: int


@dataclass(frozen=True)
class Summary:
    """Everything a report shows. Opens and clicks count persons, by the best verdict each of them earned."""

    progress: Progress
    bounced: int = 0
    opens: dict[str, int] = field(default_factory=dict)
    clicks: dict[str, int] = field(default_factory=dict)
    may_see_opens: int = 0
    may_see_clicks: int = 0
    replies: int = 0
    unsubscribes: int = 0
    complaints: int = 0
    links: tuple[LinkResult, ...] = ()

    @property
    def delivered(self) -> int:
        """Return how many the receiving servers took and did not send back; what came back is no longer "sent"."""
        return self.progress.sent

    @property
    def human_clicks(self) -> Share:
        """Return the click rate: people who clicked, of all delivered to."""
        return of_delivered(self.clicks.get("human", 0), self.delivered)

    @property
    def human_opens(self) -> Share:
        """Return the open rate: people who opened, of all delivered to."""
        return of_delivered(self.opens.get("human", 0), self.delivered)


@dataclass(frozen=True)
class Line:
    """A campaign in a list."""

    campaign: Campaign
    state: str
    pause_reason: str | None
    sent: int
    human_clicks: Share | None


def summary(session: Session, workspace_id: int, campaign_id: int, *, now: datetime | None = None) -> Summary:
    """Return what came of a campaign, all zero before it is launched; raise NotFound."""
    campaign = compose.get(session, workspace_id, campaign_id)
    if campaign.send_id is None:
        return Summary(Progress(state=campaign.state, pause_reason=None))
    send_id = campaign.send_id
    kinds = _people_by_kind(session, workspace_id, send_id)
    seen = now or campaign.launched_at or campaign.updated_at
    return Summary(
        progress=sends.progress(session, workspace_id, send_id),
        bounced=sum(kinds.get("bounce", {}).values()),
        opens=kinds.get("open", {}),
        clicks=kinds.get("click", {}),
        may_see_opens=_visible(session, workspace_id, send_id, "open_tracking", seen),
        may_see_clicks=_visible(session, workspace_id, send_id, "click_tracking", seen),
        # People's answers alone: machines answer too, and a wish to stop is no interest.
        replies=kinds.get("reply", {}).get("human", 0),
        unsubscribes=sum(kinds.get("unsubscribe", {}).values()),
        complaints=sum(kinds.get("complaint", {}).values()),
        links=_links(session, workspace_id, send_id),
    )


def state_of(session: Session, campaign: Campaign) -> str:
    """Return where the campaign stands now, which its send knows best."""
    if campaign.send_id is None:
        return campaign.state
    state = sends.get(session, campaign.workspace_id, campaign.send_id).state
    return _STATES.get(state, state)


def recent(
    session: Session,
    workspace_id: int,
    *,
    limit: int,
    before: tuple[datetime, int] | None = None,
    launched: bool = False,
) -> list[Line]:
    """Return campaigns by their latest change, from `before` (updated_at, id) on; with `launched`, only those."""
    query = select(Campaign, Send.state, Send.pause_reason).outerjoin(
        Send, (Send.workspace_id == Campaign.workspace_id) & (Send.id == Campaign.send_id)
    )
    query = query.where(Campaign.workspace_id == workspace_id)
    if launched:
        query = query.where(Campaign.send_id.is_not(None))
    if before:
        query = query.where(
            (Campaign.updated_at < before[0]) | ((Campaign.updated_at == before[0]) & (Campaign.id < before[1]))
        )
    rows = session.execute(query.order_by(Campaign.updated_at.desc(), Campaign.id.desc()).limit(limit)).all()
    send_ids = [row.Campaign.send_id for row in rows if row.Campaign.send_id]
    sent, clicked = _sent(session, workspace_id, send_ids), _clicked(session, workspace_id, send_ids)
    return [
        Line(
            campaign=campaign,
            state=_STATES.get(state, state) if state else campaign.state,
            pause_reason=pause_reason,
            sent=sent.get(campaign.send_id or 0, 0),
            human_clicks=of_delivered(clicked.get(campaign.send_id or 0, 0), sent.get(campaign.send_id or 0, 0))
            if state
            else None,
        )
        for campaign, state, pause_reason in rows
    ]


def not_sent_in_time(session: Session, workspace_id: int, *, limit: int = 10) -> list[Campaign]:
    """Return what was not sent at its time, the earliest first: held because that had passed, or not ready then."""
    waits = (Campaign.state == CampaignState.HELD) | Campaign.launch_failure.is_not(None)
    query = select(Campaign).where(Campaign.workspace_id == workspace_id, waits)
    return list(session.scalars(query.order_by(Campaign.scheduled_at, Campaign.id).limit(limit)))


def held_after_outage(session: Session, workspace_id: int, *, limit: int = 10) -> list[Campaign]:
    """Return the campaigns that an outage interrupted and nobody resumed or cancelled, the earliest first."""
    query = (
        select(Campaign)
        .join(Send, (Send.workspace_id == Campaign.workspace_id) & (Send.id == Campaign.send_id))
        .where(
            Campaign.workspace_id == workspace_id,
            Campaign.state == CampaignState.SENDING,
            Send.state == SendState.PAUSED,
            Send.pause_reason == outage_holds.PAUSE_REASON,
        )
    )
    return list(session.scalars(query.order_by(Campaign.launched_at, Campaign.id).limit(limit)))


def counts_by_state(session: Session, workspace_id: int) -> dict[str, int]:
    """Return how many campaigns stand where."""
    query = (
        select(Campaign.state, Send.state, func.count())
        .outerjoin(Send, (Send.workspace_id == Campaign.workspace_id) & (Send.id == Campaign.send_id))
        .where(Campaign.workspace_id == workspace_id)
        .group_by(Campaign.state, Send.state)
    )
    counts: dict[str, int] = {}
    for own, send, count in session.execute(query):
        state = _STATES.get(send, send) if send else CampaignState(own).value
        counts[state] = counts.get(state, 0) + count
    return counts


def _people_by_kind(session: Session, workspace_id: int, send_id: int) -> dict[str, dict[str, int]]:
    """Count persons by kind and best verdict: whoever clicked once by hand is a person, whatever else was seen."""
    places = {verdict: place for place, verdict in enumerate(VERDICTS, start=1)}
    rank = func.min(case(places, value=Activity.verdict)).label("rank")
    each = (
        select(Activity.kind, Activity.customer_id, rank)
        .where(Activity.workspace_id == workspace_id, Activity.send_id == send_id)
        .group_by(Activity.kind, Activity.customer_id)
        .subquery()
    )
    rows = session.execute(select(each.c.kind, each.c.rank, func.count()).group_by(each.c.kind, each.c.rank))
    found: dict[str, dict[str, int]] = {}
    for kind, best, count in rows:
        found.setdefault(kind, {})[VERDICTS[best - 1] if best else "unsure"] = count
    return found


def _visible(session: Session, workspace_id: int, send_id: int, purpose: str, now: datetime) -> int:
    """Count those whose mail was sent and who allow us to see their opens or clicks."""
    allowed = permission.allowed_query(workspace_id, purpose, 0, now).subquery("allowed")
    query = (
        select(func.count())
        .select_from(Message)
        .join(allowed, allowed.c.customer_id == Message.customer_id)
        .where(Message.workspace_id == workspace_id, Message.send_id == send_id, Message.state == MessageState.SENT)
    )
    return session.scalar(query) or 0


def _links(session: Session, workspace_id: int, send_id: int) -> tuple[LinkResult, ...]:
    is_human = Activity.verdict == "human"
    rows = session.execute(
        select(
            Activity.link_id,
            func.count(Activity.customer_id.distinct()).filter(is_human),
            func.count(Activity.customer_id.distinct()).filter(~is_human),
        )
        .where(Activity.workspace_id == workspace_id, Activity.send_id == send_id, Activity.kind == "click")
        .group_by(Activity.link_id)
    )
    counts = {link_id: (people, machines) for link_id, people, machines in rows}
    found = [
        LinkResult(link.position, link.url, *counts.get(link.id, (0, 0)))
        for link in links.of_send(session, workspace_id, send_id)
    ]
    return tuple(sorted(found, key=lambda link: (-link.people, link.position)))


def _sent(session: Session, workspace_id: int, send_ids: Sequence[int]) -> dict[int, int]:
    query = (
        select(Message.send_id, func.count())
        .where(Message.workspace_id == workspace_id, Message.send_id.in_(send_ids), Message.state == MessageState.SENT)
        .group_by(Message.send_id)
    )
    return dict(session.execute(query).all()) if send_ids else {}


def _clicked(session: Session, workspace_id: int, send_ids: Sequence[int]) -> dict[int, int]:
    query = (
        select(Activity.send_id, func.count(Activity.customer_id.distinct()))
        .where(
            Activity.workspace_id == workspace_id,
            Activity.send_id.in_(send_ids),
            Activity.kind == "click",
            Activity.verdict == "human",
        )
        .group_by(Activity.send_id)
    )
    return {send_id: count for send_id, count in session.execute(query) if send_id} if send_ids else {}
