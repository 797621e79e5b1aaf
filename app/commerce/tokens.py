"""The token in the address that a shop sends its webhooks to."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from app.kernel.tokens import Purpose, Tokens

_SHOP = Purpose(12)


class ShopToken(NamedTuple):
    """Names a connection to whoever knows its address; the signature of each webhook proves who that is."""

    workspace_id: int
    connection_id: int

    def encode(self, tokens: Tokens) -> str:
        """Return it as it stands in an address."""
        return tokens.mint(_SHOP, *self)

    @classmethod
    def decode(cls, tokens: Tokens, text: str, *, now: datetime) -> ShopToken:
        """Read it; raise BadToken."""
        return cls(*tokens.read(_SHOP, text, now=now)[:2])
