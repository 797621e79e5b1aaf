"""What differs in each message beside the merge fields: address and tokens.

Tokens are the url-safe strings of `kernel.tokens`; the compiler knows the paths in front of them.
"""

from typing import NamedTuple


class Slots(NamedTuple):
    """One message's own values.

    `message` names it in Message-ID, `bounce` in the return path: neither tells the other. Without `click` its links
    are plain, without `open` it holds no image of its own: that is how a purpose not consented to looks on the wire.
    """

    to_address: str
    message: str
    to_name: str = ""
    unsubscribe: str = ""
    preferences: str = ""
    confirm: str = ""
    click: str | None = None
    open: str | None = None
    bounce: str = ""
