"""Login throttle: slows down whoever guesses passwords without locking out the owner of the account."""

from __future__ import annotations

from datetime import timedelta

from flask import request

from app.accounts import mailboxes
from app.kernel import networks
from app.kernel.limiter import limiter
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

TRIES_PER_ADDRESS_AND_NETWORK = 10
TRIES_PER_NETWORK = 60
TRIES_PER_ADDRESS = 200
WINDOW = timedelta(minutes=15)


class TooManyTries(Refusal):
    """Somebody tries passwords."""

    status = 429
    message = N_("There were too many attempts. Wait a quarter of an hour and try again.")


def require_attempts_left(address: str) -> None:
    """Count one try at a password; raise TooManyTries. Open when Redis is away: argon2 is a brake by itself.

    A try refused nearer by is not counted further out, so one network cannot use up what an address has everywhere.
    """
    account, network = mailboxes.fold(address), networks.network_of(request.remote_addr)
    bounds = {
        f"login-pair:{network}:{account}": TRIES_PER_ADDRESS_AND_NETWORK,
        f"login-from:{network}": TRIES_PER_NETWORK,
        f"login:{account}": TRIES_PER_ADDRESS,
    }
    if not all(limiter().allow(key, bound, WINDOW, fail_open=True) for key, bound in bounds.items()):
        raise TooManyTries
