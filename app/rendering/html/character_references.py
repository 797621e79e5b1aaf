"""Character references as browsers read them: in an attribute, unlike in text, ``&currency=`` holds no ``&curren``."""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5

_REFERENCE = re.compile(r"&(?:#(?:[0-9]+|[xX][0-9a-fA-F]+);?|([A-Za-z][A-Za-z0-9]*)(;?)(=?))")

# More digits than any character has; the library reads thousands of them as a number, and raises.
_ENDLESS = re.compile(
    r"&#(?:0*[1-9][0-9]{7,}|[xX]0*[1-9a-fA-F][0-9a-fA-F]{6,});?|&#(0+(?=[0-9])|[xX]0+(?=[0-9a-fA-F]))"
)


def in_text(written: str) -> str:
    """Return text with its references read; a number that is no character becomes U+FFFD, however long it is."""
    return unescape(_ENDLESS.sub(_shortened, written)) if "&" in written else written


def _shortened(found: re.Match[str]) -> str:
    return "\ufffd" if found[1] is None else "&#" + found[1].rstrip("0")


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
