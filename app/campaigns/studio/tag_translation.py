"""The merge tags of other tools in a draft, and the draft with all of them written in our language that can be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import undo
from app.campaigns import compose, contents, drafts
from app.campaigns.compose import Edit
from app.campaigns.drafts import ContentDraft
from app.campaigns.models import CampaignContent
from app.kernel import page_links
from app.kernel.page_links import PageLink
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_
from app.rendering.blocks import schema, texts
from app.rendering.foreign_tags import foreign_tags
from app.rendering.foreign_tags.expressions import Names
from app.rendering.sources.formats import Format

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


def find(session: Session, content: CampaignContent) -> Found:
    """Return the foreign tags of subject, preview line and content."""
    names = _names(session, content, content.updated_at)
    tags = [tag for text, kind in _texts(content) for tag in foreign_tags.find(text, names, kind=kind)]
    rows = [Row(tag.text[:80], times, tag.ours) for tag, times in foreign_tags.counted(tags)]
    known = sorted({tag.tool for tag in tags if tag.tool})
    left = sum(tag.ours is None for tag in tags)
    return Found(tuple(known), tuple(rows[:MOST_SHOWN]), len(tags) - left, left)


class ChangedSince(Refusal):
    """The words were edited after the tags were translated; putting the old ones back would lose that."""

    status = 409
    message = N_("The draft was changed since. Its merge tags stay translated.")


def translate(
    session: Session, workspace_id: int, campaign_id: int, content_id: int | None, *, staff_id: int, now: datetime
) -> tuple[Found, PageLink]:
    """Write the tags that have a counterpart in our language; return what was found, and the address that undoes it."""
    campaign = compose.draft_to_change(session, workspace_id, campaign_id)
    content = contents.chosen(contents.of_campaign(session, campaign), content_id).content
    found, names = find(session, content), _names(session, content, now)
    subject, preheader = (foreign_tags.translate(text, names, kind="line") for text in _lines(content))
    source = _translated(content, names)
    before = {name: getattr(content, name) for name in _WORDS}
    said = ContentDraft(content.format, subject, preheader, source)
    _save(session, content, campaign_id, said, now)
    kept = {
        "campaign_id": campaign_id,
        "content_id": content.id,
        "before": before,
        "after": {name: getattr(content, name) for name in _WORDS},
    }
    return found, undo.keep(session, workspace_id, kind=_TRANSLATED, values=kept, staff_id=staff_id, now=now)


def restore(
    session: Session,
    workspace_id: int,
    values: dict[str, Any],
    *,
    staff_id: int,  # noqa: ARG001 - every opposite is told who asks for it
    now: datetime,
) -> undo.Restored:
    """Put the words back as they were; raise ChangedSince if somebody has edited them."""
    campaign = compose.draft_to_change(session, workspace_id, values["campaign_id"])
    content = contents.get(session, campaign, values["content_id"])
    if {name: getattr(content, name) for name in _WORDS} != values["after"]:
        raise ChangedSince
    _save(session, content, campaign.id, replace(drafts.content_draft_of(content), **values["before"]), now)
    there = page_links.to("campaigns.show", campaign_id=campaign.id, content=content.id)
    return undo.Restored(there, N_("The merge tags are back as they were."))


UNDO_TRANSLATION = undo.Opposite(_TRANSLATED, restore, role="marketer")


def _save(session: Session, content: CampaignContent, campaign_id: int, said: ContentDraft, now: datetime) -> None:
    edit = Edit(content_id=content.id, content=said, content_revision=content.revision)
    compose.save(session, content.workspace_id, campaign_id, edit, now=now)


def _lines(content: CampaignContent) -> tuple[str, str]:
    return content.subject, content.preheader


def _texts(content: CampaignContent) -> list[tuple[str, str]]:
    """Return every text with what it is written in; those of blocks one by one."""
    lines = [(text, "line") for text in _lines(content)]
    if content.format != Format.BLOCKS:
        return [*lines, (content.source, content.format)]
    try:
        mail = schema.read(content.source)
    except schema.SourceUnreadable:
        return lines
    return [*lines, *((each.text, each.kind) for each in texts.each(mail))]


def _translated(content: CampaignContent, names: Names) -> str:
    if content.format != Format.BLOCKS:
        return foreign_tags.translate(content.source, names, kind=content.format)
    mail = schema.read(content.source)
    return schema.write(texts.changed(mail, lambda text, kind: foreign_tags.translate(text, names, kind=kind)))


def _names(session: Session, content: CampaignContent, at: datetime) -> Names:
    return Names(compose.own_fields(session, content.workspace_id), at.year)
