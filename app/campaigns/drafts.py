"""Everything about a campaign that its author may change: the values, and how they are cleaned before they are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from app.campaigns.models import HIGHEST_HOLDOUT, Campaign, CampaignContent, CampaignVariant
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_
from app.rendering.language import syntax
from app.rendering.sources.formats import Format

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
LONGEST_NAME, LONGEST_SUBJECT = 120, 300


class SourceTooLarge(Refusal):
    """A source is larger than any mailbox would show."""

    status = 422
    message = N_("The content is larger than 256 kB. Leave out what mailboxes would cut off anyway.")


@dataclass(frozen=True)
class ContentDraft:
    """What one content says."""

    format: str
    subject: str
    preheader: str
    source: str


@dataclass(frozen=True)
class Draft:
    """What an author decides besides the contents. With `send_later` it leaves at `scheduled_at`, otherwise once it is
    confirmed; `language` is the default for people for whose own there is no content."""

    name: str
    segment_id: int | None
    is_for_everyone: bool
    topic_id: int | None
    identity_id: int | None
    language: str
    holdout_percent: int = 0
    send_later: bool = False
    scheduled_at: datetime | None = None


@dataclass(frozen=True)
class VariantShape:
    """What a variant is besides what it says; `weight` is its share in percent."""

    key: str
    name: str = ""
    weight: int = 0


def draft_of(campaign: Campaign) -> Draft:
    """Return what the author decided."""
    return Draft(**{name: getattr(campaign, name) for name in Draft.__dataclass_fields__})


def put(campaign: Campaign, draft: Draft) -> None:
    """Make the campaign as the draft says."""
    for name, value in vars(draft).items():
        setattr(campaign, name, value)


def shape_of(variant: CampaignVariant) -> VariantShape:
    """Return what a variant is."""
    return VariantShape(variant.key, variant.name, variant.weight)


def content_draft_of(content: CampaignContent) -> ContentDraft:
    """Return what a content says."""
    return ContentDraft(**{name: getattr(content, name) for name in ContentDraft.__dataclass_fields__})


def put_content(content: CampaignContent, draft: ContentDraft) -> None:
    """Make the content say this."""
    for name, value in vars(draft).items():
        setattr(content, name, value)


def checked(draft: Draft) -> Draft:
    """Return the draft without control characters, in the lengths and bounds that are kept."""
    return replace(
        draft,
        name=line(draft.name)[:LONGEST_NAME] or "–",
        segment_id=None if draft.is_for_everyone else draft.segment_id,
        language=checked_language(draft.language) or "en",
        holdout_percent=min(max(draft.holdout_percent, 0), HIGHEST_HOLDOUT),
    )


def checked_content(draft: ContentDraft) -> ContentDraft:
    """Return the content without control characters, in the lengths that are kept; raise SourceTooLarge."""
    source = _CONTROL.sub("", draft.source.replace("\r\n", "\n").replace("\r", "\n"))
    if len(source.encode("utf-8", "replace")) > syntax.LARGEST:
        raise SourceTooLarge(field="source")
    return ContentDraft(
        format=Format(draft.format).value,
        subject=line(draft.subject)[:LONGEST_SUBJECT],
        preheader=line(draft.preheader)[:LONGEST_SUBJECT],
        source=source,
    )


def checked_language(code: str) -> str:
    """Return a language's code, or nothing where it is none."""
    return code if _LANGUAGE.fullmatch(code) else ""


def line(text: str) -> str:
    """Return the text as one line without control characters."""
    return " ".join(_CONTROL.sub(" ", text).split())
