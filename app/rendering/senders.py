"""As whom a workspace writes: what an identity and a workspace give to the mails of a send and to every preview."""

from __future__ import annotations

from dataclasses import replace

from app.accounts.models import SendingIdentity, Workspace
from app.rendering.content import Stream

# No list and no sender: previews have no recipients, and whoever has no identity yet still sees their mail.
_PREVIEW_LIST = "preview.example.com"
_PREVIEW_ADDRESS = "preview@example.com"


def stream(workspace: Workspace, identity: SendingIdentity, *, public_url: str) -> Stream:
    """Return what all mail of this identity shares. Delivery adds what belongs to a send: list, keys and bounces."""
    return Stream(
        from_name=identity.from_name,
        from_address=identity.from_address,
        public_url=public_url,
        reply_to=identity.reply_to or workspace.reply_to,
        postal_address=workspace.postal_address,
        workspace={
            "name": workspace.name,
            "sender_name": workspace.sender_name,
            "postal_address": workspace.postal_address,
        },
    )


def preview(workspace: Workspace, identity: SendingIdentity | None, *, public_url: str) -> Stream:
    """Return as whom a mail is shown that is not sent: without keys, and before there is an identity by name alone."""
    known = identity or SendingIdentity(from_name=workspace.sender_name, from_address=_PREVIEW_ADDRESS)
    return replace(stream(workspace, known, public_url=public_url), list_id=_PREVIEW_LIST)


def named(sender_name: str) -> Stream:
    """Return as whom a line of a mail is shown where the sender's name is all that it may hold."""
    return Stream(
        from_name=sender_name,
        from_address=_PREVIEW_ADDRESS,
        public_url="",
        list_id=_PREVIEW_LIST,
        workspace={"name": sender_name, "sender_name": sender_name, "postal_address": ""},
    )
