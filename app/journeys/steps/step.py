"""The base of every journey step, and the people to whom one happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

NEXT = "next"
LONGEST_LINE = 500


class StepRefused(Refusal):
    """The step lacks something, or has too much of it."""

    status = 422
    message = N_("This step is not complete.")


@dataclass(frozen=True)
class Due:
    """One person whose step is due, in one run of an enrolment; `mail_at` is when its mail was queued, if it was."""

    id: int
    customer_id: int
    journey_id: int
    topic_id: int
    version: int
    step_id: str
    run: int
    entered_at: datetime
    mail_at: datetime | None

    @property
    def place(self) -> tuple[int, int, str]:
        """The step they stand at."""
        return self.journey_id, self.version, self.step_id


@dataclass(frozen=True)
class Arrival:
    """Everybody for whom one published step is due now; `send_id` is the send of a mail."""

    session: Session
    workspace_id: int
    journey_id: int
    step_id: str
    send_id: int | None
    people: Sequence[Due]
    now: datetime


class Step(BaseModel):
    """What staff write about one step. A kind adds its fields, and a literal `kind` that never changes.

    `outcomes` names the ways out of it, each of which an edge may leave by.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    outcomes: ClassVar[tuple[str, ...]] = (NEXT,)

    def checked(self, session: Session, workspace_id: int) -> Self:  # noqa: ARG002
        """Return the step clean, as it may be kept; raise StepRefused or another Refusal at the field."""
        return self

    def delay(self) -> timedelta:
        """Return how long after the step before it this one happens."""
        return timedelta(0)

    def perform(self, arrival: Arrival) -> int | None:  # noqa: ARG002
        """Do it for everybody who is there; return the send whose mail has to leave before they go on, if any."""
        return None


def one_line(text: str, field: str) -> str:
    """Return the text with its white space folded; raise StepRefused unless it is one line of 1 to 500 characters."""
    clean = " ".join(text.split())
    if not 0 < len(clean) <= LONGEST_LINE:
        raise StepRefused(N_("Write one line of at most 500 characters."), field=field)
    return clean
