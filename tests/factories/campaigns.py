"""Campaigns, written as their authors write them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.campaigns import compose
from app.campaigns.models import Campaign
from tests.factories import NOON
from tests.factories.workspaces import WorkspaceForTests

SOURCE = "# Hello {{ customer.first_name|default('you') }}\n\n[Look](https://shop.example/spring)\n"


def a_campaign(session: Session, workspace: WorkspaceForTests, **changes: Any) -> Campaign:
    """A draft for everyone on the topic "news" that is ready to leave."""
    values: dict[str, Any] = {
        "name": "Spring",
        "segment_id": None,
        "is_for_everyone": True,
        "topic_id": workspace.topic_id,
        "format": "markdown",
        "subject": "Spring is here",
        "preheader": "What grows now",
        "source": SOURCE,
        "language": "en",
        "staff_id": workspace.owner_id,
        "now": NOON,
        **changes,
    }
    return compose.create(session, workspace.id, **values)
