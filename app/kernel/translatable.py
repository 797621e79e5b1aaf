"""Marks of texts that the edge translates when it shows them: `N_` one text, `_n` one with its plural."""

from __future__ import annotations

from typing import NewType

# An English text that stands in the catalogue, with named %(placeholders)s.
MessageId = NewType("MessageId", str)
Plural = tuple[MessageId, MessageId]
UNSAID = MessageId("")


def english(text: str) -> MessageId:
    """Say that a text stays English: programs read it."""
    return MessageId(text)


def N_(text: str) -> MessageId:
    """Mark a text."""
    return MessageId(text)


def _n(one: str, many: str) -> Plural:
    """Mark a text and its plural."""
    return MessageId(one), MessageId(many)
