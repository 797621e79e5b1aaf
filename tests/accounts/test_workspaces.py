"""What a workspace may say about itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.accounts import audit, workspaces
from app.kernel.refusals import Refusal
from tests.factories import NOON


def profile(session, workspace, **changes):
    return replace(workspaces.profile_of(workspaces.get(session, workspace.id)), **changes)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("language", "tlh"),
        ("sender_name", "Shop\r\nBcc: all@example.com"),
        ("sender_name", "Shop\u2028Bcc: all@example.com"),
        ("sender_name", " "),
        ("name", "x" * 121),
        ("sender_address", "no address"),
        ("reply_to", "a@b\r\nX: y"),
        ("postal_address", " \n "),
        ("postal_address", "Street\x001"),
    ],
)
def test_a_setting_that_would_break_mail_is_refused_at_its_field(session, workspace, field, value):
    with pytest.raises(Refusal) as refused:
        workspaces.change(
            session,
            workspace.id,
            profile(session, workspace, **{field: value}),
            staff_id=workspace.owner_id,
            now=NOON,
        )
    assert refused.value.field == field


def test_changed_settings_are_named_in_the_audit(session, workspace):
    wanted = profile(session, workspace, sender_name="Ada's shop", reply_to="ada@shop.example")

    workspaces.change(session, workspace.id, wanted, staff_id=workspace.owner_id, now=NOON)

    assert workspaces.get(session, workspace.id).sender_name == "Ada's shop"
    assert audit.list_entries(session, workspace.id)[0].details == {"settings": ["reply_to", "sender_name"]}


@pytest.mark.parametrize(("name", "slug"), [("Café Zoë", "cafe-zoe"), ("商店", "workspace"), ("../..", "workspace")])
def test_the_slug_is_plain_and_free(database, name, slug):
    values = {
        "language": "en",
        "time_zone": "UTC",
        "sender_name": "Shop",
        "sender_address": "a@shop.example",
        "postal_address": "Street 1",
        "now": NOON,
    }
    with database.transaction() as session:
        slugs = [workspaces.create(session, name=name, **values).slug for _ in range(2)]

    assert all(made.startswith(slug) for made in slugs)
    assert len(set(slugs)) == 2


def test_a_workspace_with_trouble_stops_no_other(database, workspace):
    """What looks after every workspace does, and says at the end what went wrong."""
    seen = []

    def work(workspace_id):
        seen.append(workspace_id)
        if workspace_id == seen[0]:
            raise ZeroDivisionError

    with database.transaction() as session:
        ids = workspaces.list_ids(session)
    with pytest.raises(ZeroDivisionError):
        workspaces.for_each(database, work)

    assert seen == ids
