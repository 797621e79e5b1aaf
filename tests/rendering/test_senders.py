"""What a preview shows of the sender is what the mail will say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.accounts import workspaces
from app.accounts.identities import identities
from app.delivery.models import Send, SendKind
from app.delivery.sending import compiled_sends
from app.rendering import senders


@pytest.mark.parametrize("reply_to", ["answers@shop.example", None])
def test_a_preview_speaks_as_the_send_will(session, workspace, services, reply_to):
    identity = identities.default(session, workspace.id)
    identity.reply_to = reply_to
    ours = workspaces.get(session, workspace.id)
    send = Send(workspace_id=workspace.id, id=1, kind=SendKind.CAMPAIGN, source_id=1, topic_id=workspace.topic_id)

    sent = compiled_sends.stream(session, ours, identity, send, services.settings)
    shown = senders.preview(ours, identity, public_url=services.settings.public_url)

    of_the_send = ("list_id", "list_name", "feedback", "signers", "bounce_domain")
    assert replace(shown, **{name: getattr(sent, name) for name in of_the_send}) == sent
    assert sent.reply_to == (reply_to or ours.reply_to)


def test_a_workspace_without_an_identity_sees_its_mail_by_its_name(session, workspace):
    ours = workspaces.get(session, workspace.id)

    shown = senders.preview(ours, None, public_url="")

    assert (shown.from_name, shown.workspace["sender_name"]) == (ours.sender_name, ours.sender_name)
