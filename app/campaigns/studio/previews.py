"""Previews and test sends of a campaign, rendered with a real person's values and inert links."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.accounts.identities import identities
from app.campaigns import contents
from app.campaigns.library import designs
from app.campaigns.models import Campaign, CampaignContent
from app.delivery.transactional import messages
from app.kernel.settings import Settings
from app.rendering import brands, compiler, sample_people, senders
from app.rendering.blocks import schema, shelves
from app.rendering.blocks.goods import Goods
from app.rendering.compiler import CompiledMessage, Shown
from app.rendering.content import Content, Stream
from app.rendering.sources import templates
from app.rendering.sources.formats import Format

_MEDIA = re.compile(r"@media[^{@]*\{", re.IGNORECASE)
_DARK = re.compile(r"prefers-color-scheme\s*:\s*dark", re.IGNORECASE)


def show(
    session: Session, campaign: Campaign, content: CampaignContent, *, public_url: str, customer_id: int | None
) -> Shown:
    """Return subject, HTML and text as this customer would read them; raise a Refusal that says what is wrong."""
    mail = contents.to_mail(session, workspaces.get(session, campaign.workspace_id), content)
    return _shown(session, campaign, mail, public_url, customer_id)


def canvas(session: Session, workspace_id: int, content: CampaignContent, goods: Goods) -> str:
    """Return a content made of blocks for the visual editor: merge fields as they are written, each block marked."""
    workspace = workspaces.get(session, workspace_id)
    brand = contents.brand_of(session, workspace, content)
    html = templates.to_html(Format.BLOCKS, content.source, brand, goods=goods, is_canvas=True)
    return html.replace("{{ workspace.sender_name }}", escape(workspace.sender_name or workspace.name)).replace(
        "{{ workspace.postal_address }}", escape(workspace.postal_address)
    )


def design(session: Session, workspace_id: int, key: str, *, now: datetime) -> str:
    """Return a design of the library, in the workspace's language, as an invented person would read it."""
    workspace = workspaces.get(session, workspace_id)
    begun = designs.start(key, workspace.language)
    brand = brands.of_workspace(session, workspace, workspace.language)
    goods = shelves.read(session, workspace.id, schema.read(begun.source), workspace.language, written_at=now)
    # As in the editor, where a picture is still to be chosen there is a box.
    html = templates.to_html(Format.BLOCKS, begun.source, brand, goods=goods, is_canvas=True)
    content = Content(begun.subject, begun.preheader, html, "", workspace.language)
    stream = senders.preview(workspace, None, public_url="")
    return compiler.compile_content(content, stream=stream).show(sample_people.SAMPLE, sample_people.SLOTS).html


def subject(session: Session, campaign: Campaign, content: CampaignContent, *, customer_id: int | None) -> str:
    """Return the subject this customer would read; raise a Refusal that says what is wrong."""
    alone = Content(content.subject, "", "", "", content.language)
    return _shown(session, campaign, alone, "", customer_id).subject


def _shown(session: Session, campaign: Campaign, mail: Content, public_url: str, customer_id: int | None) -> Shown:
    compiled = compiler.compile_content(mail, stream=stream_of(session, campaign, public_url))
    return compiled.show(sample_people.shown(session, campaign.workspace_id, customer_id), sample_people.SLOTS)


def in_the_dark(html: str) -> str:
    """Return the HTML as a mailbox in dark mode shows it: what the mail says for the dark holds always."""
    dark = _MEDIA.sub(lambda found: "@media all {" if _DARK.search(found[0]) else found[0], html)
    return dark if dark != html else f'<div style="background:#14171d;color:#e8ebf1;min-height:100vh">{html}</div>'


def size_on_the_wire(compiled: CompiledMessage, someone: Mapping[str, Any]) -> int:
    """Return the octets of one person's HTML, which is what mailboxes cut off."""
    return len(compiled.show(someone, sample_people.SLOTS).html.encode("utf-8"))


def send_test(
    session: Session,
    campaign: Campaign,
    written: CampaignContent,
    *,
    to_address: str,
    customer_id: int | None,
    settings: Settings,
    now: datetime,
) -> None:
    """Send the mail as this customer would get it to one of the staff, marked as a test; raise a Refusal."""
    content = contents.to_mail(session, workspaces.get(session, campaign.workspace_id), written)
    marked = Content(f"[Test] {content.subject}", content.preheader, content.html, content.text, content.language)
    messages.send_to_staff(
        session,
        campaign.workspace_id,
        kind="test",
        to_address=to_address,
        content=marked,
        person=sample_people.shown(session, campaign.workspace_id, customer_id),
        settings=settings,
        now=now,
        identity_id=campaign.identity_id,
    )


def stream_of(session: Session, campaign: Campaign, public_url: str) -> Stream:
    """Return as whom the campaign speaks, without keys."""
    workspace = workspaces.get(session, campaign.workspace_id)
    identity = identities.find_default(session, campaign.workspace_id)
    if campaign.identity_id is not None:
        identity = identities.get(session, campaign.workspace_id, campaign.identity_id)
    return senders.preview(workspace, identity, public_url=public_url)
