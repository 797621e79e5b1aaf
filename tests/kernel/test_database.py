"""What goes wrong in the database is told without the values it went wrong with."""

from __future__ import annotations

import pytest
from sqlalchemy import exc, text
from structlog.testing import capture_logs

from app.kernel.database import Database
from app.kernel.services import Services


def test_a_failed_statement_names_no_values(services: Services) -> None:
    """Errors are logged with their statement; addresses and names have no business there."""
    with (
        pytest.raises(exc.ProgrammingError) as failed,
        services.database.transaction() as session,
    ):
        session.execute(text("SELECT :address FROM nowhere"), {"address": "ada@example.com"})

    assert "nowhere" in str(failed.value)
    assert "ada@example.com" not in str(failed.value)


def test_a_login_that_may_become_the_owner_is_warned_of(services: Services, owner_url: str) -> None:
    """Installations that named the owner in DATABASE_URL go on working, and are told."""
    with capture_logs() as said:
        for url in (services.settings.database_url, owner_url):
            opened = Database(url, pool_size=0)
            for _ in range(2):
                with opened.transaction() as session:
                    session.execute(text("SELECT 1"))

    warned = [entry["login"] for entry in said if entry["event"] == "database.login_may_become_owner"]
    assert warned == ["assent"]
