"""Somebody whose hits may be stored."""

from __future__ import annotations

import pytest

from app.kernel.database import Database
from app.kernel.services import Services
from tests.factories.tracking import a_tracked_customer
from tests.factories.workspaces import WorkspaceForTests


@pytest.fixture
def ada(database: Database, workspace: WorkspaceForTests, services: Services) -> int:
    """A customer who allowed us to see opens and clicks."""
    with database.transaction(workspace.id) as session:
        return a_tracked_customer(session, workspace.id, now=services.clock.now())
