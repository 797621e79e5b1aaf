"""Tokens of consent's public pages: unsubscribing, preferences, confirming, and the time stamp of a form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from app.kernel.tokens import Purpose, Tokens

_UNSUBSCRIBE, _PREFERENCES, _CONFIRM, _SIGNUP = Purpose(3), Purpose(4), Purpose(5), Purpose(1)


class UnsubscribeToken(NamedTuple):
    """The way out of a topic (0: of everything), which a message carries for as long as it lives."""

    workspace_id: int
    customer_id: int
    topic_id: int
    message_id: int

    def encode(self, tokens: Tokens) -> str:
        """Return it as it stands in an address."""
        return tokens.mint(_UNSUBSCRIBE, *self)

    @classmethod
    def decode(cls, tokens: Tokens, text: str, *, now: datetime) -> UnsubscribeToken:
        """Read it; raise BadToken."""
        return cls(*tokens.read(_UNSUBSCRIBE, text, now=now))


class PreferencesToken(NamedTuple):
    """Opens a person's preferences; `address_id` is the address it was mailed to, or that was just confirmed.

    One without an address (0), reached from an unsubscribe link, only turns off.
    """

    workspace_id: int
    customer_id: int
    issued_in: int
    address_id: int

    @property
    def issued_at(self) -> datetime:
        """When the link was made, to the second."""
        return datetime.fromtimestamp(self.issued_in, UTC)

    def encode(self, tokens: Tokens) -> str:
        """Return it as it stands in an address."""
        return tokens.mint(_PREFERENCES, *self)

    @classmethod
    def decode(cls, tokens: Tokens, text: str, *, now: datetime) -> PreferencesToken:
        """Read it; raise BadToken."""
        return cls(*tokens.read(_PREFERENCES, text, now=now))


class ConfirmToken(NamedTuple):
    """Names the request whose owner is asked; how long it may be confirmed, the request knows."""

    workspace_id: int
    request_id: int

    def encode(self, tokens: Tokens) -> str:
        """Return it as it stands in an address."""
        return tokens.mint(_CONFIRM, *self)

    @classmethod
    def decode(cls, tokens: Tokens, text: str, *, now: datetime) -> ConfirmToken:
        """Read it; raise BadToken."""
        return cls(*tokens.read(_CONFIRM, text, now=now)[:2])


class SignupStamp(NamedTuple):
    """Says in a form that was shown which form it is and when, in seconds since 1970."""

    workspace_id: int
    form_id: int
    shown_in: int

    @property
    def shown_at(self) -> datetime:
        """When the form was shown, to the second."""
        return datetime.fromtimestamp(self.shown_in, UTC)

    def encode(self, tokens: Tokens, *, valid_for: timedelta) -> str:
        """Return it as it stands in the form."""
        return tokens.mint(_SIGNUP, *self, expires_at=self.shown_at + valid_for)

    @classmethod
    def decode(cls, tokens: Tokens, text: str, *, now: datetime) -> SignupStamp:
        """Read it; raise BadToken or TokenExpired."""
        return cls(*tokens.read(_SIGNUP, text, now=now)[:3])
