"""Encrypts secrets that must be read again, with keys derived from the installation's own."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.kernel.settings import Key


class SealBroken(Exception):
    """The secret was sealed by a key this installation no longer has, or was changed since."""


def seal(plain: bytes, keys: tuple[Key, ...]) -> bytes:
    """Return the secret, sealed by the newest key."""
    return _box(keys).encrypt(plain)


def unseal(sealed: bytes, keys: tuple[Key, ...]) -> bytes:
    """Return the secret; any of the keys may have sealed it. Raise SealBroken."""
    try:
        return _box(keys).decrypt(sealed)
    except InvalidToken:
        raise SealBroken from None


def _box(keys: tuple[Key, ...]) -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(_derive(key))) for key in keys])


def _derive(key: Key) -> bytes:
    """A key of its own for this use, so that what leaks from one use opens no other."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"assent.vault").derive(key.secret)
