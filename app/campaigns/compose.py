"""Campaign drafts: created, edited by several people without lost updates, turned into content."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.accounts.identities import identities
from app.campaigns import starters
from app.campaigns.drafts import Draft, checked, draft_of, put
from app.campaigns.models import Campaign, CampaignState
from app.customers.profiles import fields
from app.kernel.refusals import NotFound, Refusal
from app.rendering import brands
from app.rendering.brands import Brand
from app.rendering.content import Content
from app.rendering.language import syntax
from app.rendering.sources import templates
from app.rendering.sources.formats import Format


class Frozen(Refusal):
    """A campaign that was launched keeps the content it was launched with."""

    message = "This campaign has been launched and can no longer be changed. Copy it to say something else."


class EditedElsewhere(Refusal):
    """Somebody else, or another window, has saved this draft since it was opened."""

    message = (
        "This campaign was changed in another window since you opened it. Your text is still here and is not saved yet."
    )


def create(
    session: Session,
    workspace_id: int,
    *,
    name: str,
    segment_id: int | None,
    topic_id: int | None,
    format: str,  # noqa: A002 - the column's own name
    subject: str,
    preheader: str,
    source: str,
    language: str,
    staff_id: int | None,
    now: datetime,
    is_for_everyone: bool = False,
    identity_id: int | None = None,
    send_later: bool = False,
    scheduled_at: datetime | None = None,
) -> Campaign:
    """Start a draft. Without a segment it is for nobody yet, unless it is for everyone; the sender is the default."""
    identity = identities.find_default(session, workspace_id) if identity_id is None else None
    campaign = Campaign(
        workspace_id=workspace_id,
        state=CampaignState.DRAFT,
        revision=1,
        created_by=staff_id,
        created_at=now,
        updated_at=now,
    )
    draft = Draft(
        name=name,
        segment_id=segment_id,
        is_for_everyone=is_for_everyone,
        topic_id=topic_id,
        identity_id=identity.id if identity else identity_id,
        format=format,
        subject=subject,
        preheader=preheader,
        source=source,
        language=language,
        send_later=send_later,
        scheduled_at=scheduled_at,
    )
    put(campaign, checked(draft))
    session.add(campaign)
    session.flush()
    return campaign


def start(
    session: Session, workspace_id: int, *, name: str, topic_id: int | None, staff_id: int, now: datetime
) -> Campaign:
    """Start a draft with a first text in the workspace's language, to be written over."""
    language = workspaces.get(session, workspace_id).language
    starter = starters.of(language)
    return create(
        session,
        workspace_id,
        name=name or starter.name,
        segment_id=None,
        topic_id=topic_id,
        format=Format.MARKDOWN,
        subject="",
        preheader="",
        source=starter.source,
        language=language,
        staff_id=staff_id,
        now=now,
    )


def copy(session: Session, workspace_id: int, campaign_id: int, *, staff_id: int, now: datetime) -> Campaign:
    """Start a draft with everything another campaign says, but for its time."""
    campaign = get(session, workspace_id, campaign_id)
    draft = replace(draft_of(campaign), send_later=False, scheduled_at=None)
    return create(session, workspace_id, **vars(draft), staff_id=staff_id, now=now)


def get(session: Session, workspace_id: int, campaign_id: int) -> Campaign:
    """Return the campaign; raise NotFound."""
    campaign = session.get(Campaign, (workspace_id, campaign_id))
    if campaign is None:
        raise NotFound
    return campaign


def find(session: Session, workspace_id: int, text: str, *, limit: int) -> list[Campaign]:
    """Return the campaigns whose name or subject holds the text, in capitals or not."""
    wanted = text.lower()
    query = select(Campaign).where(
        Campaign.workspace_id == workspace_id,
        (func.strpos(func.lower(Campaign.name), wanted) > 0) | (func.strpos(func.lower(Campaign.subject), wanted) > 0),
    )
    return list(session.scalars(query.order_by(Campaign.updated_at.desc()).limit(limit)))


def on_segment(session: Session, workspace_id: int, segment_id: int, *, limit: int = 50) -> list[Campaign]:
    """Return the campaigns to this segment, the latest change first."""
    query = select(Campaign).where(
        Campaign.workspace_id == workspace_id,
        Campaign.segment_id == segment_id,
    )
    return list(session.scalars(query.order_by(Campaign.updated_at.desc()).limit(limit)))


def locked(session: Session, workspace_id: int, campaign_id: int) -> Campaign:
    """Return the campaign and keep others from changing it until this transaction ends."""
    query = select(Campaign).where(Campaign.workspace_id == workspace_id, Campaign.id == campaign_id)
    campaign = session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if campaign is None:
        raise NotFound
    return campaign


def save(
    session: Session, workspace_id: int, campaign_id: int, draft: Draft, *, revision: int, now: datetime
) -> Campaign:
    """Keep a changed draft; raise EditedElsewhere unless it was opened at this revision."""
    campaign = locked(session, workspace_id, campaign_id)
    if campaign.state != CampaignState.DRAFT:
        raise Frozen
    clean = checked(draft)
    if clean == draft_of(campaign):
        return campaign
    if campaign.revision != revision:
        raise EditedElsewhere
    put(campaign, clean)
    campaign.launch_failure = None
    campaign.revision, campaign.updated_at = campaign.revision + 1, now
    session.flush()
    return campaign


def content_of(session: Session, campaign: Campaign) -> Content:
    """Return what is sent; raise templates.SourceInvalid."""
    html = templates.to_html(campaign.format, campaign.source, brand_of(session, campaign))
    return Content(campaign.subject, campaign.preheader, html, templates.to_text(html), campaign.language)


def brand_of(session: Session, campaign: Campaign) -> Brand:
    """Return the look of the campaign's mails."""
    return brands.of_workspace(workspaces.get(session, campaign.workspace_id), campaign.language)


def own_fields(session: Session, workspace_id: int) -> list[str]:
    """Return the keys of the workspace's own customer fields."""
    return [field.key for field in fields.list_custom(session, workspace_id)]


def merge_names(session: Session, workspace_id: int) -> list[str]:
    """Return every merge name an author may use, for completion."""
    customer = [f"customer.{name}" for name in (*syntax.CUSTOMER_FIELDS, *own_fields(session, workspace_id))]
    workspace = [f"workspace.{name}" for name in syntax.WORKSPACE_FIELDS]
    return [*customer, *workspace, "unsubscribe_url", "preferences_url", "purchases"]
