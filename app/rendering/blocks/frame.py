"""What every block of a mail is drawn within, and what blocks of all kinds share."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any

from app.rendering.blocks.goods import Goods
from app.rendering.blocks.look import DEFAULT, Look
from app.rendering.blocks.schema import Condition
from app.rendering.sources import placeholders


@dataclass(frozen=True)
class Words:
    """What the mail itself says around the author's words, in the mail's language."""

    why: str
    unsubscribe: str
    preferences: str
    sender: str


@dataclass(frozen=True)
class Frame:
    """How a mail is laid out: look, words, direction of writing, products by block."""

    words: Words
    look: Look = DEFAULT
    is_rtl: bool = False
    goods: Goods = field(default_factory=dict)
    is_canvas: bool = False
    # Of the sheet, in pixels.
    width: int = 600

    def side(self, align: str) -> str:
        """Return left, center or right."""
        if align == "center":
            return "center"
        return "right" if (align == "end") != self.is_rtl else "left"


def line(text: str) -> str:
    """Return one line for HTML or an attribute: its signs escaped, its merge fields left as they are."""
    protected = placeholders.protect(text)
    return protected.restore(escape(protected.text))


def classes_of(block: Any, frame: Frame, *more: str) -> str:
    """Return the classes of a block's element: its mark for the editor, where it is hidden, and `more`."""
    hidden = f"hide-{block.hide_on}" if block.hide_on and not frame.is_canvas else ""
    return " ".join(name for name in (f"b-{block.id}" if frame.is_canvas else "", hidden, *more) if name)


def shown_when(condition: Condition | None, made: str, frame: Frame) -> str:
    """Return MJML that only those get whom the condition is about; in the editor everything is shown."""
    if condition is None or frame.is_canvas:
        return made
    return f"<mj-raw>{{% if {test_of(condition)} %}}</mj-raw>{made}<mj-raw>{{% endif %}}</mj-raw>"


def test_of(condition: Condition) -> str:
    """Return the condition in the template language."""
    name = condition.field
    return {
        "filled": name,
        "empty": f"not {name}",
        "equals": f'{name} == "{condition.value}"',
        "differs": f'{name} != "{condition.value}"',
        "has_tag": f'"{condition.value}" in customer.tags',
        "lacks_tag": f'"{condition.value}" not in customer.tags',
    }[condition.test]
