"""Checks of a mail made of blocks: each names its block, so that the editor can lead there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.brands import contrast
from app.campaigns.studio.checks import ERROR, WARNING, Check
from app.kernel.translatable import N_, MessageId
from app.rendering.blocks import schema
from app.rendering.blocks.goods import Goods
from app.rendering.blocks.look import Look

_EXAMPLE = "//example.com"


def inspect(source: str, goods: Goods, look: Look) -> Iterator[Check]:
    """Yield what is wrong with single blocks, from top to bottom; the source can be read."""
    for block in schema.every(schema.read(source)):
        look_at = _LOOKS.get(block.kind)
        if look_at is not None:
            yield from look_at(block)
        if block.kind == "product" and not goods.get(block.id):
            yield _found(
                WARNING, block, N_("No product is shown here."), N_("Choose products that are sold, or another shelf.")
            )
        if _EXAMPLE in getattr(block, "href", ""):
            yield _found(WARNING, block, N_("The link leads to an example."), N_("Give it an address of your own."))
        yield from _contrast(block, look)


def _found(level: str, block: Any, msgid: MessageId, hint: MessageId, **values: Any) -> Check:
    return Check(level, "content", msgid, hint, values, block=block.id)


def _button(block: schema.Button) -> Iterator[Check]:
    if not block.href:
        yield _found(ERROR, block, N_("The button leads nowhere."), N_("Give it an address."))
    if not block.text.strip():
        yield _found(ERROR, block, N_("The button says nothing."), N_("Say in two or three words what happens."))


def _image(block: schema.Image) -> Iterator[Check]:
    if not block.src:
        yield _found(WARNING, block, N_("No picture is chosen."), N_("Choose one, or remove the block."))
    elif not block.alt.strip() and not block.is_decorative:
        hint = N_("Say what it shows, or that it only decorates.")
        yield _found(WARNING, block, N_("The picture has no description."), hint)


def _video(block: schema.Video) -> Iterator[Check]:
    if not block.href:
        yield _found(ERROR, block, N_("The video leads nowhere."), N_("Give it the address it plays at."))
    if not block.title.strip():
        yield _found(WARNING, block, N_("The video has no title."), N_("It is all people see without pictures."))


def _heading(block: schema.Heading) -> Iterator[Check]:
    if not block.text.strip():
        yield _found(WARNING, block, N_("The heading is empty."), N_("Write it, or remove the block."))


_LOOKS: dict[str, Any] = {"button": _button, "image": _image, "video": _video, "heading": _heading}


def _contrast(block: Any, look: Look) -> Iterator[Check]:
    """Look at colours that were chosen for this block; those of the brand were looked at when they were saved."""
    color, ground = getattr(block, "color", ""), block.background
    if block.kind == "button":
        chosen, words, behind = color or block.fill, look.primary_text, look.primary
        ground = block.fill
    else:
        chosen = "" if block.kind in ("divider", "columns") else color or ground
        words, behind = look.text, look.background if block.kind in ("header", "footer") else look.surface
    if not chosen or contrast.is_enough(color or words, ground or behind):
        return
    yield _found(
        WARNING, block, N_("The text is hard to read: its contrast is %(ratio)s to 1."),
        N_("Make one of the colours darker or lighter, up to 4.5 to 1."),
        ratio=f"{contrast.ratio(color or words, ground or behind):.1f}",
    )  # fmt: skip
