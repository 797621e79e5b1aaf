"""The input for a period that looks back from now, shared by conditions."""

from __future__ import annotations

from dataclasses import dataclass

from app.conditions.description import N_
from app.conditions.inputs import Control, FilledIn, OneInput, whole


@dataclass(frozen=True)
class DaysBack(OneInput):
    """The last so many days; with nothing typed, at any time."""

    name: str = "days"
    label: str = N_("Number of days")
    is_optional: bool = True

    def controls(self, _filled: FilledIn) -> list[Control]:
        if not self.is_optional:
            return [Control(self.name, "number", self.label, after=N_("days"), chars=4)]
        placeholder, before = N_("ever"), N_("in the last")
        return [Control(self.name, "number", self.label, before, N_("days"), placeholder, chars=4)]

    def read(self, filled: FilledIn) -> dict[str, object]:
        word = filled.word(self.name)
        return {} if self.is_optional and not word else {self.name: whole(word)}

    def is_blank(self, filled: FilledIn) -> bool:
        return not self.is_optional and super().is_blank(filled)
