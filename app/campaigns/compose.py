"""What does a campaign say, and to whom? Drafts: made, changed by several people without loss, turned into content."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts import identities, workspaces
from app.campaigns import brands, starters, templates
from app.campaigns.brands import Brand
from app.campaigns.models import Campaign, CampaignState, Format
from app.customers import fields
from app.delivery import syntax
from app.delivery.content import Content
from app.kernel.refusals import NotFound, Refusal

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
LONGEST_NAME, LONGEST_SUBJECT = 120, 300


class Frozen(Refusal):
    """A campaign that was launched keeps the content it was launched with."""

    message = "This campaign has been launched and can no longer be changed. Copy it to say something else."


class EditedElsewhere(Refusal):
    """Somebody else, or another window, has saved this draft since it was opened."""

    message = (
        "This campaign was changed in another window since you opened it. Your text is still here and is not saved yet."
    )


class SourceTooLarge(Refusal):
    """A source is larger than any mailbox would show."""

    status = 422
    message = "The content is larger than 256 kB. Leave out what mailboxes would cut off anyway."


@dataclass(frozen=True)
class Draft:
    """Everything about a campaign that its author may change."""

    name: str
    segment_id: int | None
    is_for_everyone: bool
    topic_id: int | None
    format: str
    subject: str
    preheader: str
    source: str
    language: str


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
) -> Campaign:
    """Start a draft. Without a segment it is for nobody yet, unless it is for everyone."""
    identity = identities.find_default(session, workspace_id)
    campaign = Campaign(
        workspace_id=workspace_id,
        state=CampaignState.DRAFT,
        identity_id=identity.id if identity else None,
        revision=1,
        created_by=staff_id,
        created_at=now,
        updated_at=now,
    )
    draft = Draft(name, segment_id, is_for_everyone, topic_id, format, subject, preheader, source, language)
    _put(campaign, _checked(draft))
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
    """Start a draft with everything another campaign says."""
    campaign = get(session, workspace_id, campaign_id)
    draft = draft_of(campaign)
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
    checked = _checked(draft)
    if checked == draft_of(campaign):
        return campaign
    if campaign.revision != revision:
        raise EditedElsewhere
    _put(campaign, checked)
    campaign.revision, campaign.updated_at = campaign.revision + 1, now
    session.flush()
    return campaign


def delete(session: Session, workspace_id: int, campaign_id: int) -> None:
    """Forget a draft."""
    campaign = locked(session, workspace_id, campaign_id)
    if campaign.state != CampaignState.DRAFT:
        raise Frozen
    session.delete(campaign)
    session.flush()


def draft_of(campaign: Campaign) -> Draft:
    """Return what the author wrote."""
    return Draft(
        name=campaign.name,
        segment_id=campaign.segment_id,
        is_for_everyone=campaign.is_for_everyone,
        topic_id=campaign.topic_id,
        format=campaign.format,
        subject=campaign.subject,
        preheader=campaign.preheader,
        source=campaign.source,
        language=campaign.language,
    )


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


def _put(campaign: Campaign, draft: Draft) -> None:
    for name, value in vars(draft).items():
        setattr(campaign, name, value)


def _checked(draft: Draft) -> Draft:
    source = _CONTROL.sub("", draft.source.replace("\r\n", "\n").replace("\r", "\n"))
    if len(source.encode("utf-8", "replace")) > syntax.LARGEST:
        raise SourceTooLarge(field="source")
    return Draft(
        name=_line(draft.name)[:LONGEST_NAME] or "–",
        segment_id=None if draft.is_for_everyone else draft.segment_id,
        is_for_everyone=draft.is_for_everyone,
        topic_id=draft.topic_id,
        format=Format(draft.format).value,
        subject=_line(draft.subject)[:LONGEST_SUBJECT],
        preheader=_line(draft.preheader)[:LONGEST_SUBJECT],
        source=source,
        language=draft.language if _LANGUAGE.fullmatch(draft.language) else "en",
    )


def _line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())
