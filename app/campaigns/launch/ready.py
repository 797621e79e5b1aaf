"""A draft's readiness: its forecast and all its checks in one look."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.campaigns.launch import audience, timing
from app.campaigns.launch.audience import Audience, SegmentBroken
from app.campaigns.models import Campaign
from app.campaigns.studio import preflight
from app.campaigns.studio.checks import ERROR, Check
from app.kernel.translatable import UNSAID


def look(
    session: Session, campaign: Campaign, *, public_url: str, now: datetime, content_id: int | None = None
) -> tuple[Audience | None, list[Check]]:
    """Return whom it reaches when it leaves, at the time its author chose, and what is to be put right, errors first.

    With `content_id` no other content is looked into: a draft may have fifty, and one of them is being written.
    Whatever is wrong with its segment is one of the checks, so that the author can choose another one.
    """
    of_time = timing.inspect(campaign, now=now)
    leaves_at = campaign.scheduled_at if campaign.send_later and not of_time else None
    broken: list[Check] = []
    counted = None
    try:
        counted = audience.count(session, campaign, now=leaves_at or now)
    except SegmentBroken as found:
        broken = [_check(found)]
    of_contents = preflight.inspect(session, campaign, audience=counted, public_url=public_url, content_id=content_id)
    return counted, sorted([*broken, *of_time, *of_contents], key=lambda check: check.level != ERROR)


def require(session: Session, campaign: Campaign, *, public_url: str, now: datetime) -> None:
    """Raise preflight.NotReady with the first error."""
    for check in look(session, campaign, public_url=public_url, now=now)[1]:
        if check.level == ERROR:
            raise preflight.NotReady(check.msgid, **check.values)


def _check(broken: SegmentBroken) -> Check:
    problem = broken.problem
    values = {**(problem.values if problem else {}), **broken.values}
    return Check(ERROR, "audience", broken.message, problem.message if problem else UNSAID, values)
