"""The hash by which an address is known on the suppression list, as files tell it: `workspace:hash`.

Hashes are made with the workspace's own key, so that those of another one recognise no address here; the first part
says by which key one was made.
"""

from __future__ import annotations

import hashlib
import re

_MARK = b"assent suppressed addresses"
_WRITTEN = re.compile(r"([0-9a-f]{8}):([0-9a-f]{32})")


class ForeignHash(ValueError):
    """The hash was made with another key."""


def write(digest: bytes, digest_key: bytes) -> str:
    """Return the hash as it leaves in a file."""
    return f"{_maker(digest_key)}:{digest.hex()}"


def read(text: str, digest_key: bytes) -> bytes:
    """Return the hash of a file; raise ForeignHash, or ValueError where it is none."""
    found = _WRITTEN.fullmatch(text.strip().lower())
    if not found:
        raise ValueError("not a hash of an address")
    if found[1] != _maker(digest_key):
        raise ForeignHash
    return bytes.fromhex(found[2])


def _maker(digest_key: bytes) -> str:
    return hashlib.blake2b(_MARK, digest_size=4, key=digest_key).hexdigest()
