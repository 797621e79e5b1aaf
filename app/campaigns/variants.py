"""Variants and languages of a draft: added as copies, given shares and named; `removals` removes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.campaigns import compose, contents, drafts
from app.campaigns.contents import Version
from app.campaigns.drafts import LONGEST_NAME, VariantShape
from app.campaigns.models import KEYS, Campaign, CampaignContent, CampaignVariant
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

MOST_LANGUAGES = 10


class TooManyVariants(Refusal):
    """There is a bound to what one campaign can tell apart."""

    status = 422
    message = N_("A campaign has at most five variants.")


class TooManyLanguages(Refusal):
    """Ten languages of five variants are fifty mails to check."""

    status = 422
    message = N_("A campaign has at most ten languages.")


class LanguageUnknown(Refusal):
    """What was chosen is no language, or has a content already."""

    status = 422
    message = N_("Choose a language the campaign does not have yet.")


@dataclass(frozen=True)
class VariantDraft:
    """What an author decides about one variant."""

    id: int
    name: str
    weight: int


@dataclass(frozen=True)
class Split:
    """What an author decides about the test: the variants' shares in percent, and who gets nothing."""

    variants: tuple[VariantDraft, ...]
    holdout_percent: int


def of_campaign(session: Session, campaign: Campaign) -> list[CampaignVariant]:
    """Return the variants in the order of their keys."""
    query = select(CampaignVariant).where(
        CampaignVariant.workspace_id == campaign.workspace_id, CampaignVariant.campaign_id == campaign.id
    )
    return list(session.scalars(query.order_by(CampaignVariant.key)))


def languages(versions: Sequence[Version]) -> list[str]:
    """Return the languages there are contents in, the default first."""
    return list(dict.fromkeys(each.content.language for each in versions))


def save(session: Session, workspace_id: int, campaign_id: int, split: Split, *, now: datetime) -> Campaign:
    """Keep names, shares and the holdout; what is gone meanwhile is left out. Shares are judged by the checks."""
    campaign = compose.draft_to_change(session, workspace_id, campaign_id)
    given = {each.id: each for each in split.variants}
    is_changed = False
    for variant in of_campaign(session, campaign):
        wanted = given.get(variant.id)
        if wanted is None:
            continue
        name, weight = drafts.line(wanted.name)[:LONGEST_NAME], min(max(wanted.weight, 0), 100)
        is_changed |= (name, weight) != (variant.name, variant.weight)
        variant.name, variant.weight = name, weight
    draft = drafts.checked(replace(drafts.draft_of(campaign), holdout_percent=split.holdout_percent))
    is_changed |= draft.holdout_percent != campaign.holdout_percent
    campaign.holdout_percent = draft.holdout_percent
    if is_changed:
        compose.changed(session, campaign, now=now)
    return campaign


def add(
    session: Session, workspace_id: int, campaign_id: int, *, like: int | None = None, now: datetime
) -> CampaignContent:
    """Add a variant that says the same as the variant of the content `like`, in all languages; split evenly.

    Return its content in the language of `like`, to go on writing in.
    """
    campaign = compose.draft_to_change(session, workspace_id, campaign_id)
    versions = contents.of_campaign(session, campaign)
    model = contents.chosen(versions, like)
    known = of_campaign(session, campaign)
    free = [key for key in KEYS if key not in {each.key for each in known}]
    if not free:
        raise TooManyVariants
    said = {
        each.content.language: drafts.content_draft_of(each.content)
        for each in versions
        if each.variant.id == model.variant.id
    }
    made = contents.add_variant(session, campaign, VariantShape(free[0]), said, now=now)
    split_evenly([*known, made[0].variant])
    compose.changed(session, campaign, now=now)
    return next(each.content for each in made if each.content.language == model.content.language)


def add_language(
    session: Session, workspace_id: int, campaign_id: int, language: str, *, now: datetime
) -> CampaignContent:
    """Give every variant a content in one more language, which says what the default says; return the first."""
    campaign = compose.draft_to_change(session, workspace_id, campaign_id)
    versions = contents.of_campaign(session, campaign)
    known = languages(versions)
    is_there = language.lower() in {each.lower() for each in known}
    if drafts.checked_language(language) != language or not language or is_there:
        raise LanguageUnknown(field="language")
    if len(known) >= MOST_LANGUAGES:
        raise TooManyLanguages(field="language")
    made = [
        contents.add(session, each.variant, language, drafts.content_draft_of(each.content), now=now)
        for each in versions
        if each.content.language == campaign.language
    ]
    compose.changed(session, campaign, now=now)
    return made[0]


def split_evenly(variants: Sequence[CampaignVariant]) -> None:
    """Give each the same share of a hundred, the first ones what is left over."""
    share, rest = divmod(100, len(variants))
    for place, variant in enumerate(variants):
        variant.weight = share + (place < rest)
