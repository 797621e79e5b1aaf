"""Signs and seals what links say: up to three ids of a tenant, for one purpose, with an end if need be.

The rooms define their tokens as small classes with `encode` and `decode`, each with a `Purpose` of its own; here nobody
knows what the ids mean.

Layout before base64url: key id (1) · purpose (1) · tenant (4) · a (6) · b (6) · c (6) · expiry (5) · MAC (16).
Keyed BLAKE2b gives 64 bytes for what a token says, and four purposes from a multiple of four on share them: each has a
quarter of its own as its MAC. So a token of one purpose never reads as another, nor helps to make one, and a mail's
tokens of four purposes cost one hash. Each group of purposes has a personalisation of its own.
What stands between purpose and MAC is sealed with a stream that the MAC selects (as in SIV, RFC 5297), because ids are
counted through the installation and would tell everybody how many rows there are. Ids have 48 bits, so that a token of
60 characters fits into a mail address's local part (64: RFC 5321, 4.5.3.1.1).
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

# What a token is for: each kind of token has a number of its own, from 1 to 255, for good. Kinds that say the same are
# best numbered from a multiple of four, so that they are minted together.
Purpose = NewType("Purpose", int)

_MAC_BYTES, _GROUP = 16, 4
_TENANT_BITS, _ID_BITS, _EXPIRY_BITS = 32, 48, 40
_BODY_BYTES = (_TENANT_BITS + 3 * _ID_BITS + _EXPIRY_BITS) // 8
# A multiple of three, so that base64 leaves no spare bits.
_BYTES = 2 + _BODY_BYTES + _MAC_BYTES
TOKEN_CHARS = _BYTES // 3 * 4
_MOST_ID = 2**_ID_BITS - 1
_MOST_EXPIRY = 2**_EXPIRY_BITS - 1
_AFTER_A, _AFTER_B, _AFTER_C = _EXPIRY_BITS + 2 * _ID_BITS, _EXPIRY_BITS + _ID_BITS, _EXPIRY_BITS
_AFTER_TENANT = _AFTER_A + _ID_BITS
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
        # By group of purposes, the MAC before anything is said; made when first asked for.
        self._macs: dict[tuple[int, int], Any] = {}

    def mint(
        self, purpose: Purpose, workspace_id: int, a: int, b: int = 0, c: int = 0, *, expires_at: datetime | None = None
    ) -> str:
        """Return a url-safe token of TOKEN_CHARS characters. `expires_at` has a resolution of one second."""
        said = _said(workspace_id, a, b, c, int(expires_at.timestamp()) if expires_at else 0)
        mac = self._mac(self._signing, purpose)
        mac.update(said)
        place = purpose % _GROUP * _MAC_BYTES
        digest = mac.digest()[place : place + _MAC_BYTES]
        stream = self._stream.copy()
        stream.update(digest)
        sealed = (_number(said) ^ _number(stream.digest())).to_bytes(_BODY_BYTES)
        raw = bytes((self._signing, purpose)) + sealed + digest
        return b2a_base64(raw, newline=False).translate(_TO_URL).decode()

    def mint_group(self, first: Purpose, workspace_id: int, a: int, b: int, c: int) -> tuple[str, str, str, str]:
        """Return the tokens that say the same for `first`, a multiple of four, and the three purposes after it."""
        said = _said(workspace_id, a, b, c, 0)
        mac = self._mac(self._signing, first)
        mac.update(said)
        whole = mac.digest()
        digests = whole[:16], whole[16:32], whole[32:48], whole[48:]
        streams = []
        for digest in digests:
            stream = self._stream.copy()
            stream.update(digest)
            streams.append(stream.digest())
        sealed = (_number(said * _GROUP) ^ _number(b"".join(streams))).to_bytes(_GROUP * _BODY_BYTES)
        key = self._signing
        raw = b"%c%c%b%b%c%c%b%b%c%c%b%b%c%c%b%b" % (
            key, first, sealed[:27], digests[0], key, first + 1, sealed[27:54], digests[1],
            key, first + 2, sealed[54:81], digests[2], key, first + 3, sealed[81:], digests[3],
        )  # fmt: skip
        spelled = b2a_base64(raw, newline=False).translate(_TO_URL).decode()
        return spelled[:60], spelled[60:120], spelled[120:180], spelled[180:]

    def read(self, purpose: Purpose, token: str, *, now: datetime) -> Ids:
        """Return what the token holds; raise BadToken or TokenExpired."""
        if len(token) != TOKEN_CHARS or not token.isascii():
            raise BadToken
        spelled = token.encode().translate(_TO_STANDARD)
        try:
            raw = a2b_base64(spelled)
        except Base64Error:
            raise BadToken from None
        # The decoder skips foreign characters; one spelling only is accepted.
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
        place = purpose % _GROUP * _MAC_BYTES
        if not hmac.compare_digest(mac.digest()[place : place + _MAC_BYTES], digest):
            raise BadToken
        expiry = said & _MOST_EXPIRY
        if expiry and now.timestamp() >= expiry:
            raise TokenExpired
        return Ids(
            said >> _AFTER_TENANT, said >> _AFTER_A & _MOST_ID, said >> _AFTER_B & _MOST_ID, said >> _AFTER_C & _MOST_ID
        )

    def _mac(self, key_id: int, purpose: Purpose) -> Any:
        """Return the MAC of the purpose's group that nothing was said to yet."""
        group = purpose // _GROUP
        known = self._macs.get((key_id, group))
        if known is None:
            person = f"assent{group}".encode()
            known = blake2b(key=self._keys[key_id], digest_size=_GROUP * _MAC_BYTES, person=person)
            self._macs[key_id, group] = known
        return known.copy()


def _said(workspace_id: int, a: int, b: int, c: int, expiry: int) -> bytes:
    """Write down what a token says; raise OverflowError where a number has too many bits."""
    if (a | b | c) >> _ID_BITS:
        raise OverflowError("an id of a token has 48 bits")
    said = (((workspace_id << _ID_BITS | a) << _ID_BITS | b) << _ID_BITS | c) << _EXPIRY_BITS | expiry
    return said.to_bytes(_BODY_BYTES)
