"""How long a mail server may keep a sender waiting: minutes where the operator named it, seconds where a workspace did.

A worker that waits for one server does nothing for anybody else, so nobody but the operator may ask for much of that.
"""

from __future__ import annotations

from app.accounts.identities.relays import Relay
from app.delivery.smtp.envelopes import Timeouts
from app.kernel.settings import Settings

OPERATORS = Timeouts(connect=30, command=60, dot=300)


def timeouts(relay: Relay, settings: Settings) -> Timeouts:
    """Return how long to wait for this relay's replies; for the one after the final dot thrice as long."""
    if not relay.is_of_workspace:
        return OPERATORS
    seconds = float(settings.relay_timeout)
    return Timeouts(connect=seconds, command=seconds, dot=3 * seconds)
