"""A workspace always has somebody who can administer it."""

from __future__ import annotations

import pytest

from app.accounts import audit, memberships
from app.kernel.refusals import NotFound
from tests.factories import NOON
from tests.factories.accounts import a_member


def test_the_only_owner_can_neither_step_down_nor_be_removed(session, workspace):
    with pytest.raises(memberships.LastOwner):
        memberships.change(session, workspace.id, workspace.owner_id, "viewer", changed_by=workspace.owner_id, now=NOON)
    with pytest.raises(memberships.LastOwner):
        memberships.remove(session, workspace.id, workspace.owner_id, removed_by=workspace.owner_id, now=NOON)


def test_one_of_two_owners_may_leave(session, workspace):
    other = a_member(session, workspace.id, role="owner", now=NOON)

    memberships.remove(session, workspace.id, workspace.owner_id, removed_by=other.id, now=NOON)

    assert [member.staff_id for member in memberships.list_members(session, workspace.id)] == [other.id]


def test_a_changed_role_is_in_the_audit_with_what_it_was(session, workspace):
    ada = a_member(session, workspace.id, role="viewer", now=NOON)

    memberships.change(session, workspace.id, ada.id, "marketer", changed_by=workspace.owner_id, now=NOON)

    entry = audit.list_entries(session, workspace.id)[0]
    assert (entry.action, entry.subject_id, entry.details) == (
        "staff.role_changed",
        ada.id,
        {"from": "viewer", "to": "marketer"},
    )


def test_nobody_gets_a_role_that_does_not_exist(session, workspace):
    ada = a_member(session, workspace.id, role="viewer", now=NOON)

    with pytest.raises(NotFound):
        memberships.change(session, workspace.id, ada.id, "root", changed_by=workspace.owner_id, now=NOON)


def test_a_workspace_sees_no_memberships_but_its_own(database, workspace):
    """Row-level security shows a person their own memberships anywhere, and a workspace only its own."""
    with database.transaction(workspace.id + 10**6) as session:
        assert memberships.list_staff_memberships(session, workspace.owner_id) == []
    with database.transaction(None, actor_id=workspace.owner_id) as session:
        held = memberships.list_staff_memberships(session, workspace.owner_id)
        assert [each.workspace_id for each in held] == [workspace.id]
    with database.transaction(None, actor_id=workspace.owner_id + 10**6) as session:
        assert memberships.list_staff_memberships(session, workspace.owner_id) == []
