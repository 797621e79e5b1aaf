"""The contents of a campaign: found by variant and language, and turned into what is sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from app.accounts.models import Workspace
from app.campaigns import drafts
from app.campaigns.drafts import ContentDraft, VariantShape
from app.campaigns.models import Campaign, CampaignContent, CampaignVariant
from app.kernel.refusals import NotFound
from app.rendering import brands
from app.rendering.blocks import schema, shelves
from app.rendering.blocks.goods import Goods
from app.rendering.blocks.look import Look
from app.rendering.brands import Brand
from app.rendering.content import Content
from app.rendering.sources import templates
from app.rendering.sources.formats import Format


@dataclass(frozen=True)
class Version:
    """One content with the variant it belongs to."""

    variant: CampaignVariant
    content: CampaignContent


def of_campaign(session: Session, campaign: Campaign) -> list[Version]:
    """Return every content by variant, the default language first: the first of all is the campaign's default."""
    rows = session.execute(
        select(CampaignVariant, CampaignContent)
        .join(
            CampaignContent,
            (CampaignContent.workspace_id == CampaignVariant.workspace_id)
            & (CampaignContent.variant_id == CampaignVariant.id),
        )
        .where(
            CampaignVariant.workspace_id == campaign.workspace_id,
            CampaignVariant.campaign_id == campaign.id,
        )
        .order_by(CampaignVariant.key, CampaignContent.language != campaign.language, CampaignContent.language)
    )
    return [Version(variant, content) for variant, content in rows]


def default(session: Session, campaign: Campaign) -> CampaignContent:
    """Return the content of the first variant in the default language."""
    return of_campaign(session, campaign)[0].content


def get(session: Session, campaign: Campaign, content_id: int) -> CampaignContent:
    """Return one of the campaign's contents; raise NotFound."""
    found = session.scalar(
        select(CampaignContent)
        .join(
            CampaignVariant,
            (CampaignVariant.workspace_id == CampaignContent.workspace_id)
            & (CampaignVariant.id == CampaignContent.variant_id),
        )
        .where(
            CampaignContent.workspace_id == campaign.workspace_id,
            CampaignContent.id == content_id,
            CampaignVariant.campaign_id == campaign.id,
        )
    )
    if found is None:
        raise NotFound
    return found


def chosen(versions: list[Version], content_id: int | None) -> Version:
    """Return the version with this content, or the default where there is none (any more)."""
    return next((each for each in versions if each.content.id == content_id), versions[0])


def subjects(session: Session, workspace_id: int, campaign_ids: Collection[int]) -> dict[int, str]:
    """Return the default subject of each of these campaigns, in one question."""
    is_other_language = case((CampaignContent.language == Campaign.language, 0), else_=1)
    query = (
        select(Campaign.id, CampaignContent.subject)
        .join(
            CampaignVariant,
            (CampaignVariant.workspace_id == Campaign.workspace_id) & (CampaignVariant.campaign_id == Campaign.id),
        )
        .join(
            CampaignContent,
            (CampaignContent.workspace_id == CampaignVariant.workspace_id)
            & (CampaignContent.variant_id == CampaignVariant.id),
        )
        .where(Campaign.workspace_id == workspace_id, Campaign.id.in_(campaign_ids))
        .ext(distinct_on(Campaign.id))
        .order_by(Campaign.id, CampaignVariant.key, is_other_language, CampaignContent.language)
    )
    return dict(session.execute(query).all()) if campaign_ids else {}


def holds_text(workspace_id: int, text: str) -> ColumnElement[bool]:
    """Return the condition that one of a campaign's subjects holds the text, in capitals or not."""
    return (
        select(CampaignContent.id)
        .join(
            CampaignVariant,
            (CampaignVariant.workspace_id == CampaignContent.workspace_id)
            & (CampaignVariant.id == CampaignContent.variant_id),
        )
        .where(
            CampaignContent.workspace_id == workspace_id,
            CampaignVariant.campaign_id == Campaign.id,
            func.strpos(func.lower(CampaignContent.subject), text.lower()) > 0,
        )
        .correlate(Campaign)
        .exists()
    )


def add_variant(
    session: Session, campaign: Campaign, shape: VariantShape, said: Mapping[str, ContentDraft], *, now: datetime
) -> list[Version]:
    """Give a campaign one more variant, with what it says in each language; return its contents in that order."""
    variant = CampaignVariant(workspace_id=campaign.workspace_id, campaign_id=campaign.id, **vars(shape))
    session.add(variant)
    session.flush()
    return [Version(variant, add(session, variant, language, draft, now=now)) for language, draft in said.items()]


def by_variant(versions: Iterable[Version]) -> dict[VariantShape, dict[str, ContentDraft]]:
    """Return what each variant says, by language, to be kept or copied."""
    said: dict[VariantShape, dict[str, ContentDraft]] = {}
    for each in versions:
        of_variant = said.setdefault(drafts.shape_of(each.variant), {})
        of_variant[each.content.language] = drafts.content_draft_of(each.content)
    return said


def add(
    session: Session, variant: CampaignVariant, language: str, draft: ContentDraft, *, now: datetime
) -> CampaignContent:
    """Give a variant a content in one more language."""
    content = CampaignContent(
        workspace_id=variant.workspace_id, variant_id=variant.id, language=language, revision=1, updated_at=now
    )
    drafts.put_content(content, draft)
    session.add(content)
    session.flush()
    return content


def to_mail(
    session: Session,
    workspace: Workspace,
    content: CampaignContent,
    *,
    look: Look | None = None,
    goods: Goods | None = None,
) -> Content:
    """Return what is sent; raise templates.SourceInvalid. Whoever has read `look` and `goods` hands them on."""
    goods = goods_of(session, workspace, content) if goods is None else goods
    brand = brand_of(session, workspace, content, look=look)
    html = templates.to_html(content.format, content.source, brand, goods=goods)
    return Content(content.subject, content.preheader, html, templates.to_text(html), content.language)


def goods_of(session: Session, workspace: Workspace, content: CampaignContent) -> Goods:
    """Return the products that a content's blocks show; none where it is not made of blocks or cannot be read."""
    if content.format != Format.BLOCKS:
        return {}
    try:
        mail = schema.read(content.source)
    except schema.SourceUnreadable:
        return {}
    return shelves.read(session, workspace.id, mail, content.language, written_at=content.updated_at)


def brand_of(
    session: Session, workspace: Workspace, content: CampaignContent, *, look: Look | None = None
) -> Brand:
    """Return the look of a content's mails."""
    return brands.of_workspace(session, workspace, content.language, look=look)
