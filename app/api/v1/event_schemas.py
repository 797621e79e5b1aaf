"""Request and response schemas of events."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.api.v1.schemas import FieldProblem, Moment, Plain, Sent, ShortLine, Whom
from app.kernel.sql.json_values import Key
from app.kernel.translatable import N_

MOST_EVENTS = 100


class EventIn(Sent):
    """Something a customer did with you, for their timeline."""

    customer: Whom
    name: Annotated[ShortLine, Field(max_length=80)] = Field(
        description=N_("What happened, such as `Visited the shop`.")
    )
    at: Moment
    data: Annotated[dict[Key, Plain], Field(max_length=20)] = Field(default_factory=dict)
    event_ref: ShortLine | None = Field(
        None, description=N_("Your number for the event. Told again within 30 days it is not recorded again.")
    )


class EventsIn(Sent):
    """Several events at once."""

    events: Annotated[list[EventIn], Field(min_length=1, max_length=MOST_EVENTS)]


class EventOut(BaseModel):
    """An event that is on record, and whether this request was the first to tell it."""

    customer_id: int
    name: str
    at: datetime
    event_ref: str | None
    is_new: bool


class EventResult(BaseModel):
    """What came of one event of several: it is on record, or `errors` say what is wrong with it."""

    event: EventOut | None
    errors: list[FieldProblem]


class EventsOut(BaseModel):
    """What came of each event, in their order."""

    recorded: int
    results: list[EventResult]
