"""Request and response schemas of merging."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.api.v1.schemas import Line, Sent, Whom
from app.kernel.translatable import N_

MOST_CHOICES = 200


class MergeIn(Sent):
    """Two customers who are one person."""

    survivor: Whom = Field(description=N_("The customer who stays."))
    former: Whom = Field(description=N_("The customer who becomes part of them."))
    keep: Annotated[dict[Line, Literal["survivor", "former"]], Field(max_length=MOST_CHOICES)] = Field(
        {},
        description=N_(
            "Whose value stays where both have one, by field, such as `city`, `email` or `custom.size`. What you leave "
            "out is decided by who told the value and when."
        ),
    )


class MergeUndoIn(Sent):
    """Nothing is needed beside the merge's id."""


class MergeOut(BaseModel):
    """Two customers who are one now."""

    id: int
    customer_id: int
    former_id: int
    former_name: str
    merged_at: datetime


class MergesOut(BaseModel):
    """What made a customer of several, the latest first."""

    merges: list[MergeOut]


class MergeUndoneOut(BaseModel):
    """Two customers again."""

    customer_id: int
    former_id: int
