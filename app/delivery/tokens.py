"""Tokens in the addresses and headers of a message; sending makes them, and inbound mail brings them back.

A mail's own four tokens (message, click, open, bounce) say the same and have neighbouring purposes: `of_message` mints
them by one MAC. Those of links and of the image are tracking's.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from app.kernel.tokens import Purpose, Tokens

_REPLY, _MESSAGE, _BOUNCE = Purpose(7), Purpose(8), Purpose(11)


class MessageToken(NamedTuple):
    """Names a message in its Message-ID, which everybody sees who is answered."""

    workspace_id: int
    message_id: int
    send_id: int
    customer_id: int

    def encode(self, tokens: Tokens) -> str:
        """Return it as it stands in a header."""
        return tokens.mint(_MESSAGE, *self)

    @classmethod
    def decode(cls, tokens: Tokens, text: str, *, now: datetime) -> MessageToken:
        """Read it; raise BadToken."""
        return cls(*tokens.read(_MESSAGE, text, now=now))


class BounceToken(NamedTuple):
    """Names a message in its return path, which only the servers on the way and the mailbox itself see."""

    workspace_id: int
    message_id: int
    send_id: int
    customer_id: int

    def encode(self, tokens: Tokens) -> str:
        """Return it as it stands in an address."""
        return tokens.mint(_BOUNCE, *self)

    @classmethod
    def decode(cls, tokens: Tokens, text: str, *, now: datetime) -> BounceToken:
        """Read it; raise BadToken."""
        return cls(*tokens.read(_BOUNCE, text, now=now))


class ReplyToken(NamedTuple):
    """Names a message in an address that takes its replies."""

    workspace_id: int
    message_id: int
    send_id: int
    customer_id: int

    def encode(self, tokens: Tokens) -> str:
        """Return it as it stands in an address."""
        return tokens.mint(_REPLY, *self)

    @classmethod
    def decode(cls, tokens: Tokens, text: str, *, now: datetime) -> ReplyToken:
        """Read it; raise BadToken."""
        return cls(*tokens.read(_REPLY, text, now=now))


class OfMessage(NamedTuple):
    """The tokens of one mail, each as its class encodes it."""

    message: str
    click: str
    open: str
    bounce: str


def of_message(tokens: Tokens, workspace_id: int, message_id: int, send_id: int, customer_id: int) -> OfMessage:
    """Return the tokens of one mail."""
    return OfMessage._make(tokens.mint_group(_MESSAGE, workspace_id, message_id, send_id, customer_id))


# Whichever of them a mail that came back brought.
AboutMessage = MessageToken | BounceToken | ReplyToken
