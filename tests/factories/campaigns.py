"""Campaigns, written as their authors write them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.campaigns import compose, contents
from app.campaigns.drafts import ContentDraft, Draft
from app.campaigns.launch import launching, schedule
from app.campaigns.launch.schedule import Reviewed
from app.campaigns.models import Campaign, CampaignContent
from tests.factories import NOON
from tests.factories.workspaces import WorkspaceForTests

PUBLIC_URL = "https://mail.shop.test"
SOURCE = "# Hello {{ customer.first_name|default('you') }}\n\n[Look](https://shop.example/spring)\n"


def a_campaign(session: Session, workspace: WorkspaceForTests, **changes: Any) -> Campaign:
    """A draft of one variant for everyone on the topic "news" that is ready to leave."""
    values: dict[str, Any] = {
        "name": "Spring",
        "segment_id": None,
        "is_for_everyone": True,
        "topic_id": workspace.topic_id,
        "identity_id": None,
        "format": "markdown",
        "subject": "Spring is here",
        "preheader": "What grows now",
        "source": SOURCE,
        "language": "en",
        **changes,
    }
    said = ContentDraft(**{name: values.pop(name) for name in ContentDraft.__dataclass_fields__})
    return compose.create(session, workspace.id, Draft(**values), said, staff_id=workspace.owner_id, now=NOON)


def plan(session: Session, workspace: WorkspaceForTests, campaign_id: int, *, now: datetime = NOON) -> None:
    """Plan a draft as whoever has just reviewed it."""
    reviewed = Reviewed(compose.get(session, workspace.id, campaign_id).revision, PUBLIC_URL)
    schedule.plan(session, workspace.id, campaign_id, reviewed, staff_id=workspace.owner_id, now=now)


def content_of(session: Session, campaign: Campaign) -> CampaignContent:
    """What a campaign says by default."""
    return contents.default(session, campaign)


def launch(session: Session, workspace: WorkspaceForTests, campaign_id: int, *, now: datetime = NOON) -> None:
    """Launch a draft at once."""
    launching.launch(session, workspace.id, campaign_id, now=now, public_url=PUBLIC_URL)


def sends_of(session: Session, campaign: Campaign) -> list[int]:
    """The sends of a launched campaign, in the order of its contents."""
    return launching.send_ids(session, campaign.workspace_id, campaign.id)


def send_of(session: Session, campaign: Campaign) -> int:
    """The one send of a launched campaign of one content."""
    (send_id,) = sends_of(session, campaign)
    return send_id


def versions_of(session: Session, campaign: Campaign) -> list[contents.Version]:
    """Every content of a campaign with its variant."""
    return contents.of_campaign(session, campaign)


def said_by(session: Session, campaign: Campaign) -> dict[tuple[str, str], str]:
    """The subject of every content, by variant and language."""
    return {(each.variant.key, each.content.language): each.content.subject for each in versions_of(session, campaign)}
