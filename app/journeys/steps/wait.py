"""The step at which nothing happens for some days."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.journeys.steps.step import Step

LONGEST_WAIT = 365


class Wait(Step):
    """A pause of so many days, counted from when the step before it was over."""

    kind: Literal["wait"] = "wait"
    days: Annotated[int, Field(ge=1, le=LONGEST_WAIT)]

    def delay(self) -> timedelta:
        """Return the whole wait: it is over when it is due."""
        return timedelta(days=self.days)
