"""A row is found by its key or refused, and whoever holds it sees what is so."""

from __future__ import annotations

import pytest
from sqlalchemy import exc, text

from app.accounts.models import Workspace
from app.kernel.refusals import NotFound
from app.kernel.sql import keyed_rows

_ASK = "SELECT FROM workspaces WHERE id = :id FOR {} NOWAIT"


@pytest.mark.parametrize("ask", [keyed_rows.get, keyed_rows.hold, keyed_rows.lock])
def test_what_is_not_there_is_refused(session, ask):
    with pytest.raises(NotFound):
        ask(session, Workspace, 2**40)


@pytest.mark.parametrize("ask", [keyed_rows.hold, keyed_rows.lock])
def test_what_is_held_is_read_anew(session, workspace, ask):
    before = keyed_rows.get(session, Workspace, workspace.id)
    session.execute(text("UPDATE workspaces SET sender_name = 'Another' WHERE id = :id"), {"id": workspace.id})

    assert ask(session, Workspace, workspace.id) is before
    assert before.sender_name == "Another"


@pytest.mark.parametrize(("ask", "may_refer"), [(keyed_rows.hold, True), (keyed_rows.lock, False)])
def test_a_held_row_may_be_referred_to_and_a_locked_one_may_not(database, workspace, ask, may_refer):
    def is_free(strength: str) -> bool:
        try:
            with database.transaction(workspace.id) as other:
                other.execute(text(_ASK.format(strength)), {"id": workspace.id})
        except exc.OperationalError:
            return False
        return True

    with database.transaction(workspace.id) as session:
        ask(session, Workspace, workspace.id)

        assert (is_free("UPDATE"), is_free("KEY SHARE")) == (False, may_refer)
