"""What may this link do, and for whom? Compact, purpose-bound, MACed tokens that carry ids only.

Layout before base64url: key id (1) · purpose (1) · workspace (4) · a (6) · b (6) · c (6) · expiry (4) · MAC (16).
The MAC is keyed BLAKE2b-128 with the purpose as personalisation, so a token of one purpose never reads as another.
Ids have 48 bits, so that a token of 59 characters fits into a mail address's local part (64: RFC 5321, 4.5.3.1.1).
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from struct import Struct

from app.kernel.refusals import Refusal
from app.kernel.settings import Key

PURPOSES = {
    name: number
    for number, name in enumerate(
        (
            "click",
            "open",
            "unsubscribe",
            "preferences",
            "confirm",
            "invite",
            "reply",
            "bounce",
            "signup",
            "browse",
        ),
        start=1,
    )
}
_BODY = Struct(">BBIHIHIHII")
_MAC_BYTES = 16
_LOW = 2**32 - 1
TOKEN_CHARS = (_BODY.size + _MAC_BYTES + 2) // 3 * 4 - (3 - (_BODY.size + _MAC_BYTES) % 3) % 3


class BadToken(Refusal):
    """The token is forged, cut short, made for something else or signed with a key no longer known."""

    status = 404
    message = "This link is not valid. It may have been cut off when it was copied."


class TokenExpired(Refusal):
    """The token was genuine, and its time has passed."""

    status = 410
    message = "This link has expired."


@dataclass(frozen=True, slots=True)
class Letter:
    """What a genuine token says: ids whose meaning the purpose fixes."""

    workspace_id: int
    a: int
    b: int
    c: int
    expires_at: datetime | None


class Tokens:
    """Mints with the first key, reads with any."""

    def __init__(self, keys: tuple[Key, ...]) -> None:
        self._signing = keys[0].id
        self._macs = {
            (key.id, number): blake2b(key=key.secret[:64], digest_size=_MAC_BYTES, person=f"assent{number}".encode())
            for key in keys
            for name, number in PURPOSES.items()
        }

    def mint(
        self,
        purpose: str,
        workspace_id: int,
        a: int,
        b: int = 0,
        c: int = 0,
        *,
        expires_at: datetime | None = None,
    ) -> str:
        """Return a url-safe token of TOKEN_CHARS characters. `expires_at` has a resolution of one second."""
        number = PURPOSES[purpose]
        expiry = int(expires_at.timestamp()) if expires_at else 0
        body = _BODY.pack(
            self._signing,
            number,
            workspace_id,
            *(a >> 32, a & _LOW, b >> 32, b & _LOW, c >> 32, c & _LOW),
            expiry,
        )
        mac = self._macs[self._signing, number].copy()
        mac.update(body)
        return urlsafe_b64encode(body + mac.digest()).rstrip(b"=").decode()

    def read(self, purpose: str, token: str, *, now: datetime) -> Letter:
        """Return what the token says; raise BadToken or TokenExpired."""
        if len(token) != TOKEN_CHARS or not token.isascii():
            raise BadToken
        try:
            raw = urlsafe_b64decode(token + "=" * (-TOKEN_CHARS % 4))
        except (Base64Error, ValueError):
            raise BadToken from None
        if len(raw) != _BODY.size + _MAC_BYTES:
            raise BadToken
        body, given = raw[: _BODY.size], raw[_BODY.size :]
        mac = self._macs.get((body[0], PURPOSES[purpose]))
        if mac is None:
            raise BadToken
        mac = mac.copy()
        mac.update(body)
        # The decoder skips foreign characters and ignores spare bits; one spelling only is accepted.
        spelled = urlsafe_b64encode(raw).rstrip(b"=").decode()
        if not hmac.compare_digest(mac.digest(), given) or spelled != token:
            raise BadToken
        _, number, workspace_id, *halves, expiry = _BODY.unpack(body)
        if number != PURPOSES[purpose]:
            raise BadToken
        expires_at = datetime.fromtimestamp(expiry, UTC) if expiry else None
        if expires_at and now >= expires_at:
            raise TokenExpired
        a, b, c = (high << 32 | low for high, low in zip(halves[::2], halves[1::2], strict=True))
        return Letter(workspace_id, a, b, c, expires_at)
