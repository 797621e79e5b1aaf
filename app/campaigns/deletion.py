"""Deletes drafts at once; whoever deleted one can undo it for a day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import audit, undo
from app.campaigns import compose, contents
from app.campaigns.drafts import ContentDraft, Draft, VariantShape
from app.kernel import page_links
from app.kernel.page_links import PageLink
from app.kernel.translatable import N_
from app.segments import segments

_DELETED = "campaigns.deleted"
_TIMES = ("scheduled_at", "created_at")


def delete(session: Session, workspace_id: int, campaign_id: int, *, staff_id: int, now: datetime) -> PageLink:
    """Forget a draft; return the address that brings it back. Raise compose.Frozen for what was planned or launched."""
    campaign = compose.draft_to_change(session, workspace_id, campaign_id)
    names = (*Draft.__dataclass_fields__, "id", "created_by", "created_at")
    kept: dict[str, Any] = {name: getattr(campaign, name) for name in names}
    kept |= {name: kept[name].isoformat() for name in _TIMES if kept[name]}
    said = contents.by_variant(contents.of_campaign(session, campaign))
    kept["variants"] = [
        {"shape": vars(shape), "said": {language: vars(draft) for language, draft in drafts_of.items()}}
        for shape, drafts_of in said.items()
    ]
    again = undo.keep(session, workspace_id, kind=_DELETED, values=kept, staff_id=staff_id, now=now)
    audit.note(session, campaign, "campaign.deleted", staff_id=staff_id, now=now)
    session.delete(campaign)
    session.flush()
    return again


def restore(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime
) -> undo.Restored:
    """Bring a deleted draft back as it was; a segment that is gone since is not chosen any more."""
    given = values | {name: datetime.fromisoformat(values[name]) for name in _TIMES if values[name]}
    if given["segment_id"] and segments.find_one(session, workspace_id, given["segment_id"]) is None:
        given["segment_id"] = None
    variants = given.pop("variants")
    campaign_id, created_by, created_at = (given.pop(name) for name in ("id", "created_by", "created_at"))
    campaign = compose.new(
        session,
        workspace_id,
        Draft(**given),
        staff_id=created_by,
        created_at=created_at,
        now=now,
        campaign_id=campaign_id,
    )
    for each in variants:
        said = {language: ContentDraft(**draft) for language, draft in each["said"].items()}
        contents.add_variant(session, campaign, VariantShape(**each["shape"]), said, now=now)
    audit.note(session, campaign, "campaign.restored", staff_id=staff_id, now=now)
    return undo.Restored(page_links.to("campaigns.show", campaign_id=campaign.id), N_("The draft is back as it was."))


UNDO_DELETION = undo.Opposite(_DELETED, restore, role="marketer")
