"""The kinds of steps there are, told apart by `kind`; a new one is listed here."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.journeys.steps.send import Send
from app.journeys.steps.task import Task
from app.journeys.steps.wait import Wait

AnyStep = Annotated[Send | Wait | Task, Field(discriminator="kind")]
