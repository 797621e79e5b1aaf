"""What goes wrong in the database is told without the values it went wrong with."""

from __future__ import annotations

import pytest
from sqlalchemy import exc, text

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
