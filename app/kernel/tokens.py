"""Compact, purpose-bound, MACed tokens that carry ids only.

Layout before base64url: key id (1) · purpose (1) · workspace (4) · a (6) · b (6) · c (6) · expiry (4) · MAC (16).
The MAC is keyed BLAKE2b-128 with the purpose as personalisation, so a token of one purpose never reads as another.
What stands between purpose and MAC is sealed with a stream that the MAC selects (as in SIV, RFC 5297), because ids are
counted through the installation and would tell everybody how many mails and customers there are. Tokens of before are
open, lack the mark in their purpose, and go on being read.
Ids have 48 bits, so that a token of 59 characters fits into a mail address's local part (64: RFC 5321, 4.5.3.1.1).
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from datetime import UTC, datetime
from hashlib import blake2b
from struct import Struct
from typing import Any, NamedTuple

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
            # In a Message-ID, which everybody sees who is answered; until version 2 also in return paths.
            "message",
            "signup",
            "browse",
            # In a return path, which only the servers on the way and the mailbox itself see.
            "bounce",
        ),
        start=1,
    )
}
_BODY = Struct(">BBIHIHIHII")
_MAC_BYTES = 16
_SEALED = 0x80
# Key and purpose stay open, to say how the rest is read.
_SEAL = 2 ** (8 * (_BODY.size - 2)) - 1
_number = int.from_bytes
_LOW = 2**32 - 1
# The decoder knows the standard alphabet only; its own two signs are none of ours.
_TO_STANDARD = bytes.maketrans(b"-_+/", b"+/!!")
TOKEN_CHARS = (_BODY.size + _MAC_BYTES + 2) // 3 * 4 - (3 - (_BODY.size + _MAC_BYTES) % 3) % 3
_PADDING = b"=" * (-TOKEN_CHARS % 4)


class BadToken(Refusal):
    """The token is forged, cut short, made for something else or signed with a key no longer known."""

    status = 404
    message = "This link is not valid. It may have been cut off when it was copied."


class TokenExpired(Refusal):
    """The token was genuine, and its time has passed."""

    status = 410
    message = "This link has expired. The latest mail from the same sender holds a new one."


class Claims(NamedTuple):
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
        self._streams = {
            key.id: blake2b(key=key.secret[:64], digest_size=_BODY.size, person=b"assent-seal") for key in keys
        }
        self._stream = self._streams[self._signing]

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
            number | _SEALED,
            workspace_id,
            *(a >> 32, a & _LOW, b >> 32, b & _LOW, c >> 32, c & _LOW),
            expiry,
        )
        mac = self._macs[self._signing, number].copy()
        mac.update(body)
        digest = mac.digest()
        return urlsafe_b64encode(self._turned(self._stream, body, digest) + digest).rstrip(b"=").decode()

    def read(self, purpose: str, token: str, *, now: datetime, outlived: bool = False) -> Claims:
        """Return what the token says; raise BadToken, or TokenExpired unless it may be `outlived`.

        Who lets a token be outlived looks at the letter's `expires_at` for what it may do no longer.
        """
        if len(token) != TOKEN_CHARS or not token.isascii():
            raise BadToken
        spelled = token.encode().translate(_TO_STANDARD) + _PADDING
        try:
            raw = a2b_base64(spelled)
        except Base64Error:
            raise BadToken from None
        # The decoder skips foreign characters and ignores spare bits; one spelling only is accepted.
        if b2a_base64(raw, newline=False) != spelled:
            raise BadToken
        body, digest = raw[: _BODY.size], raw[_BODY.size :]
        known = self._macs.get((raw[0], PURPOSES[purpose]))
        if known is None:
            raise BadToken
        if body[1] & _SEALED:
            body = self._turned(self._streams[raw[0]], body, digest)
        mac = known.copy()
        mac.update(body)
        if not hmac.compare_digest(mac.digest(), digest):
            raise BadToken
        _, number, workspace_id, a_high, a_low, b_high, b_low, c_high, c_low, expiry = _BODY.unpack(body)
        if number & ~_SEALED != PURPOSES[purpose]:
            raise BadToken
        expires_at = datetime.fromtimestamp(expiry, UTC) if expiry else None
        if expires_at and now >= expires_at and not outlived:
            raise TokenExpired
        return Claims(workspace_id, a_high << 32 | a_low, b_high << 32 | b_low, c_high << 32 | c_low, expires_at)

    def _turned(self, stream: Any, body: bytes, digest: bytes) -> bytes:
        """Seal an open body or open a sealed one: the same step both ways."""
        stream = stream.copy()
        stream.update(digest)
        turned: int = _number(body) ^ _number(stream.digest()) & _SEAL
        return turned.to_bytes(_BODY.size)
