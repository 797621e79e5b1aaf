"""Campaign results: counts, rates with their denominators, and human evidence apart from bots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.campaigns import compose
from app.campaigns.contents import Version
from app.campaigns.launch import launching
from app.campaigns.models import Campaign, CampaignContent, CampaignSend, CampaignState, CampaignVariant
from app.campaigns.reports import kept, numbers, overview
from app.campaigns.reports.numbers import ClickersByLink, Numbers
from app.campaigns.reports.rates import Share, of_delivered
from app.customers.timeline.activity_queries import PeopleByEvent
from app.customers.timeline.event_names import EventName
from app.delivery.models import SendState
from app.delivery.sending.send_queries import Progress
from app.tracking.links import links

# Why somebody got nothing who was chosen by chance to be compared with.
HELD_OUT = "held_out"
_COUNTS = ("total", "queued", "waiting", "handed", "sent", "refused", "in_doubt", "skipped")


@dataclass(frozen=True)
class LinkResult:
    """One link of the mail: how many people clicked it, and how many machines."""

    position: int
    url: str
    people: int
    machines: int


@dataclass(frozen=True)
class VariantResult:
    """What came of one variant; nobody is declared the winner here."""

    key: str
    name: str
    recipients: int
    sent: int
    human_clicks: Share


@dataclass(frozen=True)
class PausedPart:
    """A content that is paused while others of its campaign are being sent, and how far it is."""

    version: Version
    progress: Progress


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
    variants: tuple[VariantResult, ...] = ()
    paused: tuple[PausedPart, ...] = ()
    # When a large campaign was counted; None: just now.
    counted_at: datetime | None = None

    @property
    def held_out(self) -> int:
        """Return how many got nothing, to compare with."""
        return self.progress.reasons.get(HELD_OUT, 0)

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


def summary(session: Session, workspace_id: int, campaign_id: int, *, now: datetime | None = None) -> Summary:
    """Return what came of a campaign, all zero before it is launched; raise NotFound."""
    campaign = compose.get(session, workspace_id, campaign_id)
    if campaign.launched_at is None:
        return Summary(Progress(state=campaign.state, pause_reason=None))
    send_ids = launching.send_ids(session, workspace_id, campaign_id)
    kept_before = kept.find(session, workspace_id, [campaign_id]).get(campaign_id)
    found = kept_before or numbers.count(session, workspace_id, send_ids, now=now or campaign.launched_at)
    return _summary(found, _versions(session, campaign), _links(session, workspace_id, send_ids, found.clickers))


def _summary(found: Numbers, versions: dict[int, Version], clicked: tuple[LinkResult, ...]) -> Summary:
    of_sends, events = found.of_sends, found.events
    progress = _sum(list(of_sends.values()))
    return Summary(
        progress=progress,
        bounced=sum(_total(events, EventName.BOUNCED).values()),
        opens=_total(events, EventName.OPENED),
        clicks=_total(events, EventName.CLICKED),
        may_see_opens=found.may_see_opens,
        may_see_clicks=found.may_see_clicks,
        # People's answers alone: machines answer too, and a wish to stop is no interest.
        replies=_total(events, EventName.REPLIED).get("human", 0),
        unsubscribes=sum(_total(events, EventName.UNSUBSCRIBED).values()),
        complaints=sum(_total(events, EventName.COMPLAINED).values()),
        links=clicked,
        variants=_variants(versions, of_sends, events),
        paused=_paused(versions, of_sends) if progress.state == CampaignState.SENDING else (),
        counted_at=found.counted_at,
    )


def _sum(parts: Sequence[Progress]) -> Progress:
    """Return one progress of all sends of a campaign."""
    counts = {name: sum(getattr(each, name) for each in parts) for name in _COUNTS}
    reasons: Counter[str] = Counter()
    for each in parts:
        reasons.update(each.reasons)
    state = overview.combined(each.state for each in parts)
    pause_reason = overview.foremost(each.pause_reason for each in parts)
    return Progress(state=state, pause_reason=pause_reason, reasons=dict(reasons), **counts)


def _versions(session: Session, campaign: Campaign) -> dict[int, Version]:
    """Return what left with each of the campaign's sends, by variant."""
    left = session.execute(
        select(CampaignSend.send_id, CampaignVariant, CampaignContent)
        .join(
            CampaignVariant,
            (CampaignVariant.workspace_id == CampaignSend.workspace_id)
            & (CampaignVariant.id == CampaignSend.variant_id),
        )
        .join(
            CampaignContent,
            (CampaignContent.workspace_id == CampaignSend.workspace_id)
            & (CampaignContent.id == CampaignSend.content_id),
        )
        .where(CampaignSend.workspace_id == campaign.workspace_id, CampaignSend.campaign_id == campaign.id)
        .order_by(CampaignVariant.key, CampaignSend.send_id)
    )
    return {send_id: Version(variant, content) for send_id, variant, content in left}


def _paused(versions: dict[int, Version], of_sends: Mapping[int, Progress]) -> tuple[PausedPart, ...]:
    """Return the contents that are paused."""
    return tuple(
        PausedPart(version, of_sends[send_id])
        for send_id, version in versions.items()
        if of_sends[send_id].state == SendState.PAUSED
    )


def _variants(
    versions: dict[int, Version], of_sends: Mapping[int, Progress], events: PeopleByEvent
) -> tuple[VariantResult, ...]:
    """Return what came of each variant, where there are several."""
    by_variant: dict[int, tuple[CampaignVariant, list[int]]] = {}
    for send_id, version in versions.items():
        by_variant.setdefault(version.variant.id, (version.variant, []))[1].append(send_id)
    found = []
    for variant, of_variant in by_variant.values():
        parts = [of_sends[number] for number in of_variant]
        sent = sum(each.sent for each in parts)
        clicked = sum(events.get(number, {}).get(EventName.CLICKED, {}).get("human", 0) for number in of_variant)
        recipients = sum(each.total - each.reasons.get(HELD_OUT, 0) for each in parts)
        found.append(VariantResult(variant.key, variant.name, recipients, sent, of_delivered(clicked, sent)))
    return tuple(found) if len(found) > 1 else ()


def _total(events: PeopleByEvent, name: str) -> dict[str, int]:
    """Add up one event over all sends: whoever is in one of them is in no other."""
    counts: Counter[str] = Counter()
    for of_send in events.values():
        counts.update(of_send.get(name, {}))
    return dict(counts)


def _links(
    session: Session, workspace_id: int, send_ids: Sequence[int], counts: ClickersByLink
) -> tuple[LinkResult, ...]:
    """Count who clicked what; the same link in several contents is one, its first places told from its second ones."""
    met: Counter[tuple[int, str]] = Counter()
    found: dict[tuple[str, int], LinkResult] = {}
    for link in links.of_sends(session, workspace_id, send_ids):
        met[link.send_id, link.url] += 1
        key = (link.url, met[link.send_id, link.url])
        people, machines = counts.get(link.id, (0, 0))
        known = found.get(key, LinkResult(link.position, link.url, 0, 0))
        found[key] = LinkResult(known.position, link.url, known.people + people, known.machines + machines)
    return tuple(sorted(found.values(), key=lambda link: (-link.people, link.position)))
