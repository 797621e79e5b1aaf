"""Removals of variants and languages from a draft, and what brings them back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.accounts import undo
from app.campaigns import compose, contents, drafts, variants
from app.campaigns.contents import Version
from app.campaigns.drafts import ContentDraft, VariantShape
from app.campaigns.models import Campaign, CampaignContent, CampaignVariant
from app.kernel import page_links
from app.kernel.page_links import PageLink
from app.kernel.refusals import NotFound, Refusal
from app.kernel.translatable import N_

_REMOVED = "campaigns.versions_removed"


class StillNeeded(Refusal):
    """One variant, and the default language, must stay."""

    message = N_("The last variant and the default language cannot be removed.")


class ChangedSince(Refusal):
    """What was removed does not fit any more: its place is taken, or the campaign has left."""

    message = N_("The campaign was changed since. What was removed stays removed.")


def remove(
    session: Session, workspace_id: int, campaign_id: int, variant_id: int, *, staff_id: int, now: datetime
) -> PageLink:
    """Remove a variant with all it says, and split evenly; return the address that brings it back."""
    campaign = compose.draft_to_change(session, workspace_id, campaign_id)
    known = variants.of_campaign(session, campaign)
    going = next((each for each in known if each.id == variant_id), None)
    if going is None:
        raise NotFound
    if len(known) == 1:
        raise StillNeeded
    before = {each.key: each.weight for each in known}
    versions = [each for each in contents.of_campaign(session, campaign) if each.variant.id == variant_id]
    staying = [each for each in known if each.id != variant_id]
    variants.split_evenly(staying)
    weights = {"before": before, "after": {each.key: each.weight for each in staying}}
    again = _keep(session, campaign, versions, weights, staff_id, now)
    session.delete(going)
    session.flush()
    compose.changed(session, campaign, now=now)
    return again


def remove_language(
    session: Session, workspace_id: int, campaign_id: int, language: str, *, staff_id: int, now: datetime
) -> PageLink:
    """Remove what all variants say in a language; return the address that brings it back."""
    campaign = compose.draft_to_change(session, workspace_id, campaign_id)
    versions = [each for each in contents.of_campaign(session, campaign) if each.content.language == language]
    if not versions:
        raise NotFound
    if language == campaign.language:
        raise StillNeeded
    again = _keep(session, campaign, versions, {}, staff_id, now)
    session.execute(
        delete(CampaignContent).where(
            CampaignContent.workspace_id == workspace_id,
            CampaignContent.id.in_([each.content.id for each in versions]),
        )
    )
    compose.changed(session, campaign, now=now)
    return again


def restore(
    session: Session,
    workspace_id: int,
    values: dict[str, Any],
    *,
    staff_id: int,  # noqa: ARG001 - every opposite is told who asks for it
    now: datetime,
) -> undo.Restored:
    """Bring a variant or a language back as it was; raise ChangedSince where its place is taken."""
    campaign = compose.draft_to_change(session, workspace_id, values["campaign_id"])
    if values["weights"]:
        _restore_variant(session, campaign, values, now)
    else:
        _restore_language(session, campaign, values["versions"], now)
    compose.changed(session, campaign, now=now)
    page = page_links.to("campaigns.versions", campaign_id=campaign.id)
    return undo.Restored(page, N_("What was removed is back as it was."))


UNDO_REMOVAL = undo.Opposite(_REMOVED, restore, role="marketer")


def _restore_variant(session: Session, campaign: Campaign, values: dict[str, Any], now: datetime) -> None:
    """Bring it back in the languages the campaign has now; those added since say what its default says."""
    kept = {each["language"]: ContentDraft(**each["content"]) for each in values["versions"]}
    first = values["versions"][0]
    known = variants.of_campaign(session, campaign)
    if first["key"] in {each.key for each in known}:
        raise ChangedSince
    default = ContentDraft(**first["content"])
    said = {each: kept.get(each, default) for each in variants.languages(contents.of_campaign(session, campaign))}
    made = contents.add_variant(session, campaign, VariantShape(first["key"], first["name"]), said, now=now)
    _restore_weights(known, made[0].variant, values["weights"])


def _restore_language(session: Session, campaign: Campaign, versions: list[dict[str, Any]], now: datetime) -> None:
    """Bring it back for the variants there are now; those added since say what their default says."""
    language = versions[0]["language"]
    kept = {each["key"]: ContentDraft(**each["content"]) for each in versions}
    present = contents.of_campaign(session, campaign)
    if language in variants.languages(present):
        raise ChangedSince
    for each in present:
        if each.content.language == campaign.language:
            said = kept.get(each.variant.key, drafts.content_draft_of(each.content))
            contents.add(session, each.variant, language, said, now=now)


def _keep(
    session: Session,
    campaign: Campaign,
    versions: Sequence[Version],
    weights: dict[str, dict[str, int]],
    staff_id: int,
    now: datetime,
) -> PageLink:
    kept = {
        "campaign_id": campaign.id,
        "weights": weights,
        "versions": [
            {
                "key": each.variant.key,
                "name": each.variant.name,
                "language": each.content.language,
                "content": vars(drafts.content_draft_of(each.content)),
            }
            for each in versions
        ],
    }
    return undo.keep(session, campaign.workspace_id, kind=_REMOVED, values=kept, staff_id=staff_id, now=now)


def _restore_weights(known: Sequence[CampaignVariant], restored: CampaignVariant, weights: dict[str, Any]) -> None:
    """Give the shares of before back while those given at the removal are still on record.

    Others were chosen since and stay: the restored variant gets what they leave of a hundred. An even split is done
    anew.
    """
    present = {each.key: each.weight for each in known}
    if present == weights["after"]:
        for variant in (*known, restored):
            variant.weight = weights["before"][variant.key]
    elif max(present.values()) - min(present.values()) <= 1:
        variants.split_evenly(sorted((*known, restored), key=lambda each: each.key))
    else:
        restored.weight = max(100 - sum(present.values()), 0)
