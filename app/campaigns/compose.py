"""Campaign drafts: created, copied, found, and edited by several people without lost updates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.accounts.identities import identities
from app.campaigns import contents, drafts
from app.campaigns.drafts import ContentDraft, Draft, VariantShape
from app.campaigns.library import designs
from app.campaigns.models import KEYS, Campaign, CampaignContent, CampaignState
from app.campaigns.studio import starters
from app.customers.profiles import fields
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_
from app.rendering.language import syntax
from app.rendering.sources.formats import Format


class Frozen(Refusal):
    """A campaign that was launched keeps the content it was launched with."""

    message = N_("This campaign has been launched and can no longer be changed. Copy it to say something else.")


class EditedElsewhere(Refusal):
    """Somebody else, or another window, has saved the same part of this draft since it was opened."""

    message = N_(
        "This campaign was changed in another window since you opened it. Your text is still here and is not saved yet."
    )


@dataclass(frozen=True)
class Edit:
    """What is saved at once, and the revisions it was written on; what is None stays as it is."""

    draft: Draft | None = None
    revision: int = 0
    content_id: int | None = None
    content: ContentDraft | None = None
    content_revision: int = 0


def create(
    session: Session, workspace_id: int, draft: Draft, content: ContentDraft, *, staff_id: int | None, now: datetime
) -> Campaign:
    """Start a draft of one variant in one language.

    Without a segment it is for nobody yet, unless it is for everyone; without a sender the default is taken.
    """
    if draft.identity_id is None:
        identity = identities.find_default(session, workspace_id)
        draft = replace(draft, identity_id=identity.id if identity else None)
    written = drafts.checked_content(content)
    campaign = new(session, workspace_id, draft, staff_id=staff_id, created_at=now, now=now)
    contents.add_variant(session, campaign, VariantShape(KEYS[0], weight=100), {campaign.language: written}, now=now)
    return campaign


def new(
    session: Session,
    workspace_id: int,
    draft: Draft,
    *,
    staff_id: int | None,
    created_at: datetime,
    now: datetime,
    campaign_id: int | None = None,
) -> Campaign:
    """Add the campaign alone, without any variant yet."""
    campaign = Campaign(
        workspace_id=workspace_id,
        state=CampaignState.DRAFT,
        revision=1,
        created_by=staff_id,
        created_at=created_at,
        updated_at=now,
    )
    if campaign_id is not None:
        campaign.id = campaign_id
    drafts.put(campaign, drafts.checked(draft))
    session.add(campaign)
    session.flush()
    return campaign


def start(
    session: Session,
    workspace_id: int,
    *,
    name: str,
    topic_id: int | None,
    design: str = "",
    staff_id: int,
    now: datetime,
) -> Campaign:
    """Start a draft in the workspace's language, to be written over: in blocks by a design, or with a first text."""
    language = workspaces.get(session, workspace_id).language
    starter = starters.of(language)
    draft = Draft(
        name=name or starter.name,
        segment_id=None,
        is_for_everyone=False,
        topic_id=topic_id,
        identity_id=None,
        language=language,
    )
    content = ContentDraft(Format.MARKDOWN, "", "", starter.source)
    if design in designs.BY_KEY:
        begun = designs.start(design, language)
        content = ContentDraft(Format.BLOCKS, begun.subject, begun.preheader, begun.source)
    return create(session, workspace_id, draft, content, staff_id=staff_id, now=now)


def copy(session: Session, workspace_id: int, campaign_id: int, *, staff_id: int, now: datetime) -> Campaign:
    """Start a draft with everything another campaign says, in all its variants and languages, but for its time."""
    campaign = get(session, workspace_id, campaign_id)
    draft = replace(drafts.draft_of(campaign), send_later=False, scheduled_at=None)
    copied = new(session, workspace_id, draft, staff_id=staff_id, created_at=now, now=now)
    for shape, said in contents.by_variant(contents.of_campaign(session, campaign)).items():
        contents.add_variant(session, copied, shape, said, now=now)
    return copied


def get(session: Session, workspace_id: int, campaign_id: int) -> Campaign:
    """Return the campaign; raise NotFound."""
    return keyed_rows.get(session, Campaign, workspace_id, campaign_id)


def has_launched(session: Session, workspace_id: int) -> bool:
    """Say whether any campaign was ever launched."""
    query = select(Campaign.id).where(Campaign.workspace_id == workspace_id, Campaign.launched_at.is_not(None))
    return session.scalar(query.limit(1)) is not None


def find(session: Session, workspace_id: int, text: str, *, limit: int) -> list[Campaign]:
    """Return the campaigns whose name or one of whose subjects holds the text, in capitals or not."""
    in_name = func.strpos(func.lower(Campaign.name), text.lower()) > 0
    query = select(Campaign).where(
        Campaign.workspace_id == workspace_id, in_name | contents.holds_text(workspace_id, text)
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
    return keyed_rows.lock(session, Campaign, workspace_id, campaign_id)


def draft_to_change(session: Session, workspace_id: int, campaign_id: int) -> Campaign:
    """Return the draft, locked; raise NotFound or Frozen."""
    campaign = locked(session, workspace_id, campaign_id)
    if campaign.state != CampaignState.DRAFT:
        raise Frozen
    return campaign


def save(session: Session, workspace_id: int, campaign_id: int, edit: Edit, *, now: datetime) -> Campaign:
    """Keep what was changed; raise EditedElsewhere where somebody changed the same since, and then keep nothing."""
    campaign = draft_to_change(session, workspace_id, campaign_id)
    draft = drafts.checked(edit.draft) if edit.draft else drafts.draft_of(campaign)
    is_changed = draft != drafts.draft_of(campaign)
    if is_changed and edit.revision != campaign.revision:
        raise EditedElsewhere
    if edit.content is not None:
        content = contents.get(session, campaign, edit.content_id or 0)
        session.refresh(content)
        is_changed |= _put_content(content, drafts.checked_content(edit.content), edit.content_revision, now)
    if is_changed:
        _put_draft(session, campaign, draft)
        changed(session, campaign, now=now)
    return campaign


def changed(session: Session, campaign: Campaign, *, now: datetime) -> None:
    """Make out of date what was reviewed before, and what kept it from leaving."""
    campaign.revision, campaign.updated_at = campaign.revision + 1, now
    campaign.launch_failure = None
    session.flush()


def _put_content(content: CampaignContent, clean: ContentDraft, revision: int, now: datetime) -> bool:
    if clean == drafts.content_draft_of(content):
        return False
    if content.revision != revision:
        raise EditedElsewhere
    drafts.put_content(content, clean)
    content.revision, content.updated_at = content.revision + 1, now
    return True


def _put_draft(session: Session, campaign: Campaign, draft: Draft) -> None:
    """Keep the draft; another language means the one its contents are written in, unless there are several."""
    if draft.language != campaign.language:
        versions = contents.of_campaign(session, campaign)
        known = {each.content.language.lower(): each.content.language for each in versions}
        if draft.language.lower() in known and len(known) > 1:
            draft = replace(draft, language=known[draft.language.lower()])
        else:
            for each in versions:
                if each.content.language == campaign.language:
                    each.content.language = draft.language
    drafts.put(campaign, draft)


def own_fields(session: Session, workspace_id: int) -> list[str]:
    """Return the keys of the workspace's own customer fields."""
    return [field.key for field in fields.list_custom(session, workspace_id)]


def merge_names(session: Session, workspace_id: int) -> list[str]:
    """Return every merge name an author may use, for completion."""
    customer = [f"customer.{name}" for name in (*syntax.CUSTOMER_FIELDS, *own_fields(session, workspace_id))]
    workspace = [f"workspace.{name}" for name in syntax.WORKSPACE_FIELDS]
    return [*customer, *workspace, "unsubscribe_url", "preferences_url", "purchases"]
