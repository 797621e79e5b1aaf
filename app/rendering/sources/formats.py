"""The formats a mail may be written in."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """What a mail's source is written in."""

    BLOCKS = "blocks"
    MARKDOWN = "markdown"
    MJML = "mjml"
    HTML = "html"
