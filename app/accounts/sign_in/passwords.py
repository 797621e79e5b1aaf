"""Password hashing with Argon2id, at the same cost whether or not the account exists."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

SHORTEST = 12
LONGEST = 256

_HASHER = PasswordHasher()


class PasswordTooWeak(Refusal):
    """The password is short enough, or known enough, to be guessed."""

    status = 422
    message = N_("Choose a password of at least 12 characters that is not your name or address.")


def digest(password: str, *, unlike: tuple[str, ...] = ()) -> str:
    """Return the argon2id hash to store; raise PasswordTooWeak. `unlike` are words it must not equal."""
    folded = password.casefold()
    if not SHORTEST <= len(password) <= LONGEST or len(set(folded)) < 4 or folded in map(str.casefold, unlike):
        raise PasswordTooWeak(field="password")
    return _HASHER.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Say whether the password belongs to the stored hash. None costs the same and is always no."""
    try:
        is_right = _HASHER.verify(stored or _decoy(), password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return is_right and stored is not None


@cache
def _decoy() -> str:
    """Return nobody's password, checked for addresses without an account: the answer takes as long as for one with.

    Made when first asked for. Hashing takes 64 MB, which a sender has no use for.
    """
    return PasswordHasher().hash("no account has this address")


def is_dated(stored: str) -> bool:
    """Say whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)
