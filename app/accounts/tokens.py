"""The token in an invitation's link."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from app.kernel.tokens import Purpose, Tokens

_INVITATION = Purpose(6)


class InvitationToken(NamedTuple):
    """Names an invitation to whoever holds it."""

    workspace_id: int
    invitation_id: int

    def encode(self, tokens: Tokens, *, expires_at: datetime) -> str:
        """Return it as it stands in an address."""
        return tokens.mint(_INVITATION, *self, expires_at=expires_at)

    @classmethod
    def decode(cls, tokens: Tokens, text: str, *, now: datetime) -> InvitationToken:
        """Read it; raise BadToken or TokenExpired."""
        return cls(*tokens.read(_INVITATION, text, now=now)[:2])
