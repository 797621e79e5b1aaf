"""Contents made of blocks: begun, saved, and turned from what they were before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from app.campaigns import compose, contents, drafts
from app.campaigns.compose import Edit
from app.campaigns.drafts import ContentDraft
from app.campaigns.models import CampaignContent
from app.commerce import products
from app.commerce.models import Product
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_
from app.rendering.blocks import schema
from app.rendering.blocks.schema import Mail
from app.rendering.sources.formats import Format


class NoBlocks(Refusal):
    """The content is written in a source, so that it has no blocks to change."""

    message = N_("This content is written in a source. Its blocks cannot be changed.")


def save(
    session: Session,
    workspace_id: int,
    campaign_id: int,
    content_id: int,
    *,
    source: str,
    revision: int,
    now: datetime,
) -> CampaignContent:
    """Keep the blocks of one content, cleaned.

    Raise schema.SourceUnreadable, compose.EditedElsewhere, compose.Frozen, NoBlocks or NotFound, and then keep nothing.
    """
    written = schema.write(schema.read(source))
    campaign = compose.draft_to_change(session, workspace_id, campaign_id)
    content = contents.get(session, campaign, content_id)
    if content.format != Format.BLOCKS:
        raise NoBlocks
    kept = drafts.content_draft_of(content)
    said = ContentDraft(Format.BLOCKS, kept.subject, kept.preheader, written)
    edit = Edit(content_id=content_id, content=said, content_revision=revision)
    compose.save(session, workspace_id, campaign_id, edit, now=now)
    return content


def products_of(session: Session, workspace_id: int, mail: Mail) -> Iterable[Product]:
    """Return the products that somebody chose for a mail, for the editor to name them."""
    chosen = {number for block in schema.product_blocks(mail) for number in block.product_ids}
    return products.by_ids(session, workspace_id, chosen).values()
