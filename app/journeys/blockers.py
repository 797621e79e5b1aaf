"""What keeps a journey from enrolling anybody or from sending, for its pages, publishing and Home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.accounts.identities import identities
from app.accounts.models import SendingIdentity
from app.journeys.models import Journey
from app.kernel import page_links
from app.kernel.page_links import PageLink
from app.kernel.translatable import N_, UNSAID, MessageId
from app.segments import segments
from app.segments.codec import Problem

ENROLS_NOBODY, SENDS_NOTHING = "enrols_nobody", "sends_nothing"


@dataclass(frozen=True)
class Blocker:
    """One thing to fix: what it stops, what is so (`msgid`) and what to do (`hint`), both filled from `values`.

    `detail` is a sentence of the room the cause belongs to, filled from `detail_values`; `page` is where it is mended.
    """

    stops: str
    msgid: MessageId
    hint: MessageId = UNSAID
    values: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""
    detail_values: Mapping[str, Any] = field(default_factory=dict)
    page: PageLink | None = None


def list_for(session: Session, journey: Journey, *, now: datetime) -> list[Blocker]:
    """Return what keeps this journey from working, whether it is live or about to be."""
    return list_for_many(session, journey.workspace_id, [journey], now=now).get(journey.id, [])


def list_for_many(
    session: Session, workspace_id: int, journeys: Sequence[Journey], *, now: datetime
) -> dict[int, list[Blocker]]:
    """Return the same by journey, in a fixed number of statements; journeys without a blocker are left out."""
    if not journeys:
        return {}
    of_segments = {each.segment_id for each in journeys if each.trigger_kind == "segment"}
    names = segments.names(session, workspace_id, sorted(of_segments))
    problems = segments.problems_with(session, workspace_id, of_segments, now=now)
    senders = identities.of_ids(session, workspace_id, {each.identity_id for each in journeys})
    found: dict[int, list[Blocker]] = {}
    for each in journeys:
        by_segment = each.segment_id if each.trigger_kind == "segment" else 0
        blockers = [
            *_segment(names.get(by_segment), by_segment, problems.get(by_segment)),
            *_sender(senders[each.identity_id]),
        ]
        if blockers:
            found[each.id] = blockers
    return found


def _segment(name: str | None, segment_id: int, problem: Problem | None) -> list[Blocker]:
    if problem is None:
        return []
    if name is None:
        return [
            Blocker(
                ENROLS_NOBODY,
                N_("The segment that led in was deleted."),
                N_("Make a new journey with another segment; people who are on this one finish it."),
            )
        ]
    return [
        Blocker(
            ENROLS_NOBODY,
            N_("The segment “%(name)s” does not work any more, so nobody enters."),
            N_("Open the segment and change its conditions; people enter again within minutes."),
            {"name": name},
            problem.message,
            problem.values,
            page_links.to("segments.show", segment_id=segment_id),
        )
    ]


def _sender(sender: SendingIdentity) -> list[Blocker]:
    values = {"domain": sender.domain, "address": sender.from_address}
    page = page_links.to("accounts.show_identity", identity_id=sender.id)
    if sender.proved_at is None:
        return [
            Blocker(
                SENDS_NOTHING,
                N_("%(domain)s is not verified yet, so nothing leaves from %(address)s."),
                N_("Publish the DNS records of the sender; they are looked up every hour."),
                values,
                page=page,
            )
        ]
    if sender.paused_at is not None:
        return [
            Blocker(
                SENDS_NOTHING,
                N_("Sending from %(address)s is stopped."),
                N_("Look at the reason in the settings."),
                values,
                page=page,
            )
        ]
    return []
