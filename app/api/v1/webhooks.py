"""What the answer to a shop's webhook says."""

from __future__ import annotations

from pydantic import BaseModel


class WebhookOut(BaseModel):
    """The webhook's own number, none for a ping, and whether it came for the first time."""

    id: str | None
    is_new: bool
