"""Tokens of tracked links and open pixels; sending makes them, and the tracking endpoint reads them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from app.kernel.tokens import Purpose, Tokens

# Minted together with the other tokens of a message.
_CLICK, _OPEN = Purpose(9), Purpose(10)


class ClickToken(NamedTuple):
    """What all links of one message share; the position of the link stands behind it in the path."""

    workspace_id: int
    message_id: int
    send_id: int
    customer_id: int

    def encode(self, tokens: Tokens) -> str:
        """Return it as it stands in an address."""
        return tokens.mint(_CLICK, *self)

    @classmethod
    def decode(cls, tokens: Tokens, text: str, *, now: datetime) -> ClickToken:
        """Read it; raise BadToken."""
        return cls(*tokens.read(_CLICK, text, now=now))


class OpenToken(NamedTuple):
    """What the image of one message says."""

    workspace_id: int
    message_id: int
    send_id: int
    customer_id: int

    def encode(self, tokens: Tokens) -> str:
        """Return it as it stands in an address."""
        return tokens.mint(_OPEN, *self)

    @classmethod
    def decode(cls, tokens: Tokens, text: str, *, now: datetime) -> OpenToken:
        """Read it; raise BadToken."""
        return cls(*tokens.read(_OPEN, text, now=now))
