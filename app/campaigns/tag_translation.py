"""The merge tags of other tools in a draft, and the draft with all of them written in our language that can be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import undo
from app.campaigns import compose, drafts
from app.campaigns.models import Campaign
from app.kernel.refusals import Refusal
from app.rendering.foreign_tags import foreign_tags
from app.rendering.foreign_tags.expressions import Names

MOST_SHOWN = 40
_TRANSLATED = "campaigns.tags_translated"
_WORDS = ("subject", "preheader", "source")


@dataclass(frozen=True)
class Row:
    """One tag, how often it is there and how it is written here, if it is."""

    text: str
    times: int
    ours: str | None


@dataclass(frozen=True)
class Found:
    """What a draft holds of other tools' tags; `rows` are the first of them."""

    tools: tuple[str, ...]
    rows: tuple[Row, ...]
    translatable: int
    left: int


def find(session: Session, campaign: Campaign) -> Found:
    """Return the foreign tags of subject, preview line and content."""
    names = _names(session, campaign, campaign.updated_at)
    tags = [tag for text, kind in _texts(campaign) for tag in foreign_tags.find(text, names, kind=kind)]
    rows = [Row(tag.text[:80], times, tag.ours) for tag, times in foreign_tags.counted(tags)]
    known = sorted({tag.tool for tag in tags if tag.tool})
    left = sum(tag.ours is None for tag in tags)
    return Found(tuple(known), tuple(rows[:MOST_SHOWN]), len(tags) - left, left)


class ChangedSince(Refusal):
    """The words were edited after the tags were translated; putting the old ones back would lose that."""

    status = 409
    message = "The draft was changed since. Its merge tags stay translated."


def translate(
    session: Session, workspace_id: int, campaign_id: int, *, staff_id: int, now: datetime
) -> tuple[Found, str]:
    """Write the tags that have a counterpart in our language; return what was found, and the address that undoes it."""
    campaign = compose.locked(session, workspace_id, campaign_id)
    found, names = find(session, campaign), _names(session, campaign, now)
    subject, preheader, source = (foreign_tags.translate(text, names, kind=kind) for text, kind in _texts(campaign))
    draft = replace(drafts.draft_of(campaign), subject=subject, preheader=preheader, source=source)
    before = {name: getattr(campaign, name) for name in _WORDS}
    saved = compose.save(session, workspace_id, campaign_id, draft, revision=campaign.revision, now=now)
    kept = {"campaign_id": campaign_id, "before": before, "after": {name: getattr(saved, name) for name in _WORDS}}
    return found, undo.keep(session, workspace_id, kind=_TRANSLATED, values=kept, staff_id=staff_id, now=now)


@undo.restores(_TRANSLATED, role="marketer")
def restore(
    session: Session,
    workspace_id: int,
    values: dict[str, Any],
    *,
    staff_id: int,  # noqa: ARG001 - every opposite is told who asks for it
    now: datetime,
) -> undo.Restored:
    """Put the words back as they were; raise ChangedSince if somebody has edited them."""
    campaign = compose.locked(session, workspace_id, values["campaign_id"])
    if {name: getattr(campaign, name) for name in _WORDS} != values["after"]:
        raise ChangedSince
    draft = replace(drafts.draft_of(campaign), **values["before"])
    compose.save(session, workspace_id, campaign.id, draft, revision=campaign.revision, now=now)
    return undo.Restored(f"/campaigns/{campaign.id}", "The merge tags are back as they were.")


def _texts(campaign: Campaign) -> tuple[tuple[str, str], ...]:
    return (campaign.subject, "line"), (campaign.preheader, "line"), (campaign.source, campaign.format)


def _names(session: Session, campaign: Campaign, at: datetime) -> Names:
    return Names(compose.own_fields(session, campaign.workspace_id), at.year)
