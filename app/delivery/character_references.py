"""Character references as browsers read them: in an attribute, unlike in text, ``&currency=`` holds no ``&curren``."""

from __future__ import annotations

import re
from html import unescape as in_text
from html.entities import html5

__all__ = ["in_attribute", "in_text"]

_REFERENCE = re.compile(r"&(?:#(?:[0-9]+|[xX][0-9a-fA-F]+);?|([A-Za-z][A-Za-z0-9]*)(;?)(=?))")


def in_attribute(written: str) -> str:
    """Return an attribute's value (HTML Standard, "named character reference state")."""
    return _REFERENCE.sub(_read, written) if "&" in written else written


def _read(found: re.Match[str]) -> str:
    name, semicolon, equals = found[1], found[2], found[3]
    if name is None:
        return in_text(found[0])
    if semicolon:
        return html5.get(f"{name};", f"&{name};") + equals
    # A name that only begins with a reference goes on with a letter or digit, which keeps it as it is.
    return found[0] if equals or name not in html5 else html5[name]
