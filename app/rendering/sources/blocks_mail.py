"""Converts a mail made of blocks into HTML, and says what is wrong at the block where it stands."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from app.rendering.blocks import schema, texts, to_mjml
from app.rendering.blocks.frame import Frame, Words, test_of
from app.rendering.blocks.goods import Goods
from app.rendering.blocks.schema import Mail
from app.rendering.brands import Brand
from app.rendering.language import syntax
from app.rendering.language.syntax import Problem
from app.rendering.sources import mjml_mail


def to_html(source: str, brand: Brand, goods: Goods, *, is_canvas: bool = False) -> str:
    """Return the mail's HTML, merge fields still in it; raise schema.SourceUnreadable or mjml_mail.MjmlInvalid."""
    why, unsubscribe, preferences = brand.words
    frame = Frame(
        Words(why, unsubscribe, preferences, brand.name),
        look=brand.look,
        is_rtl=brand.direction == "rtl",
        goods=goods,
        is_canvas=is_canvas,
    )
    return mjml_mail.to_html(to_mjml.to_mjml(schema.read(source), frame), brand)


def problems_of(mail: Mail, known_fields: Collection[str] | None) -> Iterator[Problem]:
    """Yield what keeps the blocks from being sent, each with the block it stands in."""
    for text in texts.each(mail):
        kind: syntax.Kind = "html" if text.kind == "html" else "line"
        for problem in syntax.check(text.text, kind=kind, known_fields=known_fields):
            yield replace(problem, block=text.block_id)
    for block in schema.every(mail):
        if block.when is not None:
            asked = f"{{% if {test_of(block.when)} %}}x{{% endif %}}"
            for problem in syntax.check(asked, kind="line", known_fields=known_fields):
                yield replace(problem, block=block.id)
