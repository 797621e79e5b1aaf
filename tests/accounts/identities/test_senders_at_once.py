"""Two owners add the first sender in the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text

from app.accounts.identities import identities
from app.kernel.database import Database
from tests.factories import NOON
from tests.factories.workspaces import WorkspaceForTests

AT_ONCE = 5


@pytest.mark.parametrize("is_same", [True, False])
def test_there_is_one_default_and_one_sender_an_address(
    database: Database, workspace: WorkspaceForTests, is_same: bool
) -> None:
    """Each saw no other when it looked; whoever comes second is refused by name, or is not the default."""
    with database.transaction(workspace.id) as session:
        session.execute(text("DELETE FROM sending_identities"))
    start = Barrier(AT_ONCE)

    def add(turn: int) -> str:
        start.wait()
        address = "news@shop.example" if is_same else f"news{turn}@shop.example"
        try:
            with database.transaction(workspace.id) as session:
                identities.create(
                    session,
                    workspace.id,
                    identities.Sender(from_name="Shop", from_address=address),
                    signs=False,
                    keys=(),
                    now=NOON,
                )
        except identities.AddressTaken:
            return "taken"
        return "added"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = list(pool.map(add, range(AT_ONCE)))
    assert told.count("added") == (1 if is_same else AT_ONCE)

    with database.transaction(workspace.id) as session:
        assert session.scalar(text("SELECT count(*) FROM sending_identities WHERE is_default")) == 1
