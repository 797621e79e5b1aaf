"""The rich text of blocks: a handful of elements, merge fields left alone, everything else taken out."""

from __future__ import annotations

import re
from collections.abc import Mapping

import nh3

from app.rendering.sources import placeholders

ELEMENTS = frozenset({"p", "br", "strong", "em", "u", "s", "a", "ul", "ol", "li", "b", "i"})
_SCHEMES = frozenset({"http", "https", "mailto", "tel", "sms"})
_OPENING = re.compile(r"<(p|ul|ol|li|a)((?: [^<>]*)?)>")
_EMPTY_PARAGRAPH = re.compile(r"<p([^<>]*)></p>")


def clean(html: str) -> str:
    """Return the text with nothing in it but the elements above and links; merge fields stay as they are."""
    protected = placeholders.protect(html)
    cleaned = nh3.clean(
        protected.text, tags=set(ELEMENTS), attributes={"a": {"href"}}, url_schemes=set(_SCHEMES), link_rel=None
    )
    return protected.restore(cleaned)


def styled(html: str, styles: Mapping[str, str]) -> str:
    """Return clean text whose elements carry their style, as mailboxes want it; `styles` by name of element."""
    protected = placeholders.protect(html)
    out = _EMPTY_PARAGRAPH.sub(r"<p\1><br></p>", protected.text)
    out = _OPENING.sub(lambda found: _with_style(found, styles), out)
    return protected.restore(out)


def _with_style(found: re.Match[str], styles: Mapping[str, str]) -> str:
    style = styles.get(found[1], "")
    mark = ' class="link"' if found[1] == "a" else ""
    return f'<{found[1]}{mark}{found[2]} style="{style}">' if style else found[0]
