"""Every text of a mail made of blocks: to be checked where it stands, or changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from app.rendering.blocks import schema
from app.rendering.blocks.schema import Columns, Mail

# What may hold merge fields, and as what it is written.
_FIELDS = {
    "text": "line", "html": "html", "alt": "line", "href": "line", "src": "line", "author": "line", "title": "line",
    "button": "line", "source": "html",
}  # fmt: skip


@dataclass(frozen=True)
class BlockText:
    """One text and the block it stands in; `kind` is what it is written in."""

    block_id: str
    block_kind: str
    field: str
    kind: str
    text: str


def each(mail: Mail) -> Iterator[BlockText]:
    """Yield the texts from top to bottom, those without anything left out."""
    for block in schema.every(mail):
        for name, kind in _of(block):
            text = getattr(block, name)
            if text:
                yield BlockText(block.id, block.kind, name, kind, text)


def changed(mail: Mail, change: Callable[[str, str], str]) -> Mail:
    """Return the mail with each text as `change` makes it of the text and its kind; checked again."""
    blocks = [_changed(block, change) for block in mail.blocks]
    return Mail.model_validate({**mail.model_dump(), "blocks": blocks})


def _changed(block: Any, change: Callable[[str, str], str]) -> dict[str, Any]:
    out: dict[str, Any] = block.model_dump()
    if isinstance(block, Columns):
        out["columns"] = [[_changed(leaf, change) for leaf in column] for column in block.columns]
    for name, kind in _of(block):
        out[name] = change(out[name], kind)
    return out


def _of(block: Any) -> list[tuple[str, str]]:
    # A product block's source says where its products come from.
    known = type(block).model_fields
    return [
        (name, kind) for name, kind in _FIELDS.items() if name in known and (block.kind, name) != ("product", "source")
    ]
