"""Everything about a campaign that its author may change: the value, and how it is cleaned before it is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from app.campaigns.models import Campaign
from app.kernel.refusals import Refusal
from app.rendering.language import syntax
from app.rendering.sources.formats import Format

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
LONGEST_NAME, LONGEST_SUBJECT = 120, 300


class SourceTooLarge(Refusal):
    """A source is larger than any mailbox would show."""

    status = 422
    message = "The content is larger than 256 kB. Leave out what mailboxes would cut off anyway."


@dataclass(frozen=True)
class Draft:
    """What an author decides. With `send_later` it leaves at `scheduled_at`, otherwise once it is confirmed."""

    name: str
    segment_id: int | None
    is_for_everyone: bool
    topic_id: int | None
    identity_id: int | None
    format: str
    subject: str
    preheader: str
    source: str
    language: str
    send_later: bool = False
    scheduled_at: datetime | None = None


def draft_of(campaign: Campaign) -> Draft:
    """Return what the author decided."""
    return Draft(**{name: getattr(campaign, name) for name in Draft.__dataclass_fields__})


def put(campaign: Campaign, draft: Draft) -> None:
    """Make the campaign say this."""
    for name, value in vars(draft).items():
        setattr(campaign, name, value)


def checked(draft: Draft) -> Draft:
    """Return the draft without control characters, in the lengths that are kept; raise SourceTooLarge."""
    source = _CONTROL.sub("", draft.source.replace("\r\n", "\n").replace("\r", "\n"))
    if len(source.encode("utf-8", "replace")) > syntax.LARGEST:
        raise SourceTooLarge(field="source")
    return replace(
        draft,
        name=_line(draft.name)[:LONGEST_NAME] or "–",
        segment_id=None if draft.is_for_everyone else draft.segment_id,
        format=Format(draft.format).value,
        subject=_line(draft.subject)[:LONGEST_SUBJECT],
        preheader=_line(draft.preheader)[:LONGEST_SUBJECT],
        source=source,
        language=draft.language if _LANGUAGE.fullmatch(draft.language) else "en",
    )


def _line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())
