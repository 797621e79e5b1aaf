"""Signs and seals what links say: up to three ids of a tenant, for one purpose, with an end if need be.

The rooms define their tokens as small classes with `encode` and `decode`, each with a `Purpose` of its own; here nobody
knows what the ids mean.

Layout before base64url: key id (1) · purpose (1) · tenant (4) · a (6) · b (6) · c (6) · expiry (4) · MAC (16).
The MAC is keyed BLAKE2b-128 with the purpose as personalisation, so a token of one purpose never reads as another.
What stands between purpose and MAC is sealed with a stream that the MAC selects (as in SIV, RFC 5297), because ids are
counted through the installation and would tell everybody how many rows there are. Ids have 48 bits, so that a token of
59 characters fits into a mail address's local part (64: RFC 5321, 4.5.3.1.1).
"""

from __future__ import annotations

import hmac
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple, NewType, Protocol, Self

from app.kernel.refusals import Refusal
from app.kernel.settings import Key
from app.kernel.translatable import N_

# What a token is for: each kind of token has a number of its own, from 1 to 255, for good.
Purpose = NewType("Purpose", int)

_MAC_BYTES = 16
_TENANT_BITS, _ID_BITS, _EXPIRY_BITS = 32, 48, 32
_BODY_BYTES = (_TENANT_BITS + 3 * _ID_BITS + _EXPIRY_BITS) // 8
_BYTES = 2 + _BODY_BYTES + _MAC_BYTES
TOKEN_CHARS = (_BYTES + 2) // 3 * 4 - (3 - _BYTES % 3) % 3
_PADDING = b"=" * (-TOKEN_CHARS % 4)
_MOST_ID = 2**_ID_BITS - 1
_MOST_EXPIRY = 2**_EXPIRY_BITS - 1
_number = int.from_bytes
_TO_URL = bytes.maketrans(b"+/", b"-_")
# The decoder knows the standard alphabet only; its own two signs are none of ours.
_TO_STANDARD = bytes.maketrans(b"-_+/", b"+/!!")


class BadToken(Refusal):
    """The token is forged, cut short, made for something else or signed with a key no longer known."""

    status = 404
    message = N_("This link is not valid. It may have been cut off when it was copied.")


class TokenExpired(Refusal):
    """The token was genuine, and its time has passed."""

    status = 410
    message = N_("This link has expired. The latest mail from the same sender holds a new one.")


class Ids(NamedTuple):
    """What a genuine token holds. The room whose purpose it is knows what each stands for; 0 says nothing."""

    workspace_id: int
    a: int
    b: int
    c: int


class Token(Protocol):
    """What one kind of link says, as its room names it."""

    @property
    def workspace_id(self) -> int:
        """Whose rows the ids name."""

    @classmethod
    def decode(cls, tokens: Tokens, text: str, *, now: datetime) -> Self:
        """Read what somebody brought; raise BadToken or TokenExpired."""


class Tokens:
    """Mints with the first key, reads with any."""

    def __init__(self, keys: tuple[Key, ...]) -> None:
        self._keys = {key.id: key.secret[:64] for key in keys}
        self._signing = keys[0].id
        self._streams = {
            key_id: blake2b(key=secret, digest_size=_BODY_BYTES, person=b"assent-seal")
            for key_id, secret in self._keys.items()
        }
        self._stream = self._streams[self._signing]
        # By purpose, what each token of it begins with and its MAC before anything is said; made when first asked for.
        self._minting: dict[Purpose, tuple[bytes, Any]] = {}
        self._macs: dict[tuple[int, Purpose], Any] = {}

    def mint(
        self, purpose: Purpose, workspace_id: int, a: int, b: int = 0, c: int = 0, *, expires_at: datetime | None = None
    ) -> str:
        """Return a url-safe token of TOKEN_CHARS characters. `expires_at` has a resolution of one second."""
        if (a | b | c) >> _ID_BITS:
            raise OverflowError("an id of a token has 48 bits")
        expiry = int(expires_at.timestamp()) if expires_at else 0
        said = (((workspace_id << 48 | a) << 48 | b) << 48 | c) << 32 | expiry
        head, begun = self._minting.get(purpose) or self._begin(purpose)
        mac = begun.copy()
        mac.update(said.to_bytes(_BODY_BYTES))
        digest = mac.digest()
        stream = self._stream.copy()
        stream.update(digest)
        sealed: int = said ^ _number(stream.digest())
        spelled = b2a_base64(head + sealed.to_bytes(_BODY_BYTES) + digest, newline=False)
        return spelled.translate(_TO_URL)[:TOKEN_CHARS].decode()

    def read(self, purpose: Purpose, token: str, *, now: datetime) -> Ids:
        """Return what the token holds; raise BadToken or TokenExpired."""
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
        key_id, digest = raw[0], raw[-_MAC_BYTES:]
        if raw[1] != purpose or key_id not in self._keys:
            raise BadToken
        stream = self._streams[key_id].copy()
        stream.update(digest)
        said: int = _number(raw[2:-_MAC_BYTES]) ^ _number(stream.digest())
        mac = self._mac(key_id, purpose)
        mac.update(said.to_bytes(_BODY_BYTES))
        if not hmac.compare_digest(mac.digest(), digest):
            raise BadToken
        expiry = said & _MOST_EXPIRY
        if expiry and now.timestamp() >= expiry:
            raise TokenExpired
        return Ids(said >> 176, said >> 128 & _MOST_ID, said >> 80 & _MOST_ID, said >> 32 & _MOST_ID)

    def _begin(self, purpose: Purpose) -> tuple[bytes, Any]:
        begun = (bytes((self._signing, purpose)), self._mac(self._signing, purpose))
        self._minting[purpose] = begun
        return begun

    def _mac(self, key_id: int, purpose: Purpose) -> Any:
        """Return a MAC that nothing was said to yet."""
        known = self._macs.get((key_id, purpose))
        if known is None:
            person = f"assent{purpose}".encode()
            known = blake2b(key=self._keys[key_id], digest_size=_MAC_BYTES, person=person)
            self._macs[key_id, purpose] = known
        return known.copy()
