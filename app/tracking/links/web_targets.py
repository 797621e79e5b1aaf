"""Reads where a link leads; rendering asks which links are tracked, and `links` what is registered."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import idna

LONGEST = 4_000
_SPACE = " \t\n\f\r"
_NO_BREAKS = str.maketrans("", "", "\t\n\r")
_SIGNS = "/%:=&?~+!$,;'@()*[]-._#|"


def read(url: str) -> str:
    """Return the address of a web page as it was written, in ASCII; "" for whatever else a link may name.

    Only what no URL may hold is written otherwise: a host outside ASCII and signs to be percent-encoded. What comes
    back is safe in a header, and comes back unchanged when it is read once more.
    """
    written = url.strip(_SPACE).translate(_NO_BREAKS)
    try:
        parts = urlsplit(written)
        host = idna.encode(parts.hostname or "", uts46=True).decode() if parts.hostname else ""
        is_port = parts.port is None or parts.port > 0
    except (ValueError, UnicodeError):
        return ""
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or not is_port:
        return ""
    rest = written.partition("//")[2]
    if not parts.netloc.isascii():
        rest = host + (f":{parts.port}" if parts.port else "") + rest[len(parts.netloc) :]
    target = f"{parts.scheme}://{quote(rest, safe=_SIGNS)}"
    return target if len(target) <= LONGEST else ""
