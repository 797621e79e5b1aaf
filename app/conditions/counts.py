"""How often something happened: at least, at most, exactly so many times, or never. One value and its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, func

from app.conditions.context import ConditionInvalid
from app.conditions.description import Description
from app.conditions.inputs import Control, FilledIn, Input, Option, whole, word_of
from app.kernel.translatable import N_, Plural, _n

_AT_LEAST, _AT_MOST, _EXACTLY, _BETWEEN, _NEVER = "at_least", "at_most", "exactly", "between", "never"
_COMPARISONS = (
    Option(_AT_LEAST, N_("at least")),
    Option(_AT_MOST, N_("at most")),
    Option(_EXACTLY, N_("exactly")),
    Option(_BETWEEN, N_("between")),
    Option(_NEVER, N_("never")),
)


@dataclass(frozen=True)
class Times:
    """A range of counts. A condition has the parts `at_least` and `at_most`; at most 0 is never."""

    at_least: int | Decimal
    at_most: int | Decimal | None = None

    @property
    def is_once(self) -> bool:
        """Say whether it happened at all, however often."""
        return self.at_least == 1 and self.at_most is None

    @property
    def is_never(self) -> bool:
        return self.at_most == 0

    def require_range(self) -> None:
        """Raise ConditionInvalid for a range that is empty or everything."""
        if self.at_most is None and self.at_least <= 0:
            raise ConditionInvalid(N_("This is too small."), part="at_least")
        if self.at_most is not None and self.at_most < self.at_least:
            raise ConditionInvalid(N_("The second number is below the first."), part="at_most")

    def holds(self, count: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return whether a count, NULL where there is nothing, lies in the range."""
        if self.at_most is None:
            return count >= self.at_least
        most = func.coalesce(count, 0) <= self.at_most
        return most if self.at_least == 0 else and_(count >= self.at_least, most)

    def describe(self, description: Description) -> str:
        """Return the range in the reader's language; `never` has sentences of its own."""
        if self.at_most is None:
            return _said(description, _n("at least %(num)s time", "at least %(num)s times"), self.at_least)
        if self.at_least == self.at_most:
            return _said(description, _n("exactly %(num)s time", "exactly %(num)s times"), self.at_most)
        if self.at_least == 0:
            return _said(description, _n("at most %(num)s time", "at most %(num)s times"), self.at_most)
        least = description.value(self.at_least)
        between = _n("%(least)s to %(num)s time", "%(least)s to %(num)s times")
        return _said(description, between, self.at_most, least=least)


def _said(description: Description, messages: Plural, count: int | Decimal, **values: Any) -> str:
    return description.counted(messages, int(count), num=description.value(count), **values)


class Often:
    """A condition that holds of so many, by its parts `at_least` and `at_most`."""

    at_least: Any
    at_most: Any

    @property
    def times(self) -> Times:
        """Return how often, how many, or how much."""
        return Times(self.at_least, self.at_most)


@dataclass(frozen=True)
class TimesInput(Input):
    """Fills in the parts of Times."""

    @property
    def parts(self) -> tuple[str, ...]:
        return ("at_least", "at_most")

    def controls(self, filled: FilledIn) -> list[Control]:
        chosen = _comparison(filled)
        options = (("", _COMPARISONS),)
        compared = Control("times", "choice", N_("How often"), options=options, default=_AT_LEAST, is_redrawn=True)
        least = Control("at_least", "number", N_("Number of times"), chars=4)
        most = Control("at_most", "number", N_("To"), N_("to"), N_("times"), chars=4)
        if chosen == _BETWEEN:
            return [compared, least, most]
        return [compared] if chosen == _NEVER else [compared, replace(least, after=N_("times"))]

    def read(self, filled: FilledIn) -> dict[str, Any]:
        chosen, number = _comparison(filled), whole(filled.word("at_least"))
        if chosen == _NEVER:
            return {"at_least": 0, "at_most": 0}
        if chosen == _BETWEEN:
            return {"at_least": number, "at_most": whole(filled.word("at_most"))}
        if chosen == _AT_MOST:
            return {"at_least": 0, "at_most": number}
        return {"at_least": number, "at_most": number} if chosen == _EXACTLY else {"at_least": number}

    def show(self, values: Mapping[str, Any]) -> dict[str, str]:
        least, most = values.get("at_least", 1), values.get("at_most")
        if most is None:
            return {"times": _AT_LEAST, "at_least": word_of(least)}
        if most == 0:
            return {"times": _NEVER}
        if least == most or least == 0:
            return {"times": _AT_MOST if least == 0 else _EXACTLY, "at_least": word_of(most)}
        return {"times": _BETWEEN, "at_least": word_of(least), "at_most": word_of(most)}

    def is_blank(self, filled: FilledIn) -> bool:
        chosen = _comparison(filled)
        needed = {_NEVER: (), _BETWEEN: ("at_least", "at_most")}.get(chosen, ("at_least",))
        return any(not filled.word(name) for name in needed)


def _comparison(filled: FilledIn) -> str:
    chosen = filled.word("times")
    return chosen if chosen in (_AT_MOST, _EXACTLY, _BETWEEN, _NEVER) else _AT_LEAST
