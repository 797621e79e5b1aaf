"""Identity tokens: who a visitor is, said by the shop's server in a signed JWT (RFC 7519, HS256), by no browser."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from app.kernel.sql.json_values import UNSTORABLE

MOST_CHARS = 2000
# A token that leaks, as in a shared link or a copied page, is worth nothing after this.
LONGEST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a visitor is: the shop's own number (`sub`), or an email."""

    external_ref: str | None
    email: str | None


def read(token: str, secret: bytes, *, now: datetime) -> Identity | None:
    """Return who the token names; None when it is forged, expired, lasts too long or names nobody."""
    if len(token) > MOST_CHARS or not token.isascii() or token.count(".") != 2:
        return None
    signed, _, signature = token.rpartition(".")
    head, _, body = signed.partition(".")
    expected = hmac.new(secret, signed.encode(), sha256).digest()
    if not hmac.compare_digest(_decoded(signature), expected):
        return None
    # Only what one of ours signed is parsed; the algorithm is ours to say, never the token's.
    header, claims = _parsed(head), _parsed(body)
    if header.get("alg") != "HS256" or not _is_current(claims.get("exp"), now):
        return None
    return _named(claims.get("sub"), claims.get("email"))


def _named(external_ref: Any, email: Any) -> Identity | None:
    if isinstance(external_ref, str) and 0 < len(external_ref) <= 200 and not UNSTORABLE.search(external_ref):
        return Identity(external_ref, None)
    if isinstance(email, str) and 0 < len(email) <= 254 and not UNSTORABLE.search(email):
        return Identity(None, email)
    return None


def _is_current(expires: Any, now: datetime) -> bool:
    if isinstance(expires, bool) or not isinstance(expires, int | float):
        return False
    # Compared, not subtracted: a whole number of any length is.
    return now.timestamp() < expires <= now.timestamp() + LONGEST.total_seconds()


def _parsed(part: str) -> dict[str, Any]:
    try:
        found = json.loads(_decoded(part))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _decoded(part: str) -> bytes:
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (Base64Error, ValueError):
        return b""
