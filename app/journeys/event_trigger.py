"""The reported event that starts a journey: its name, and what its properties are to be like."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from app.conditions.context import ConditionInvalid
from app.conditions.description import Description, Language
from app.conditions.events import MAX_TESTS, EventTest, describe_event
from app.conditions.limits import EventWord
from app.conditions.references import Vocabulary
from app.customers.timeline.event_names import is_reserved
from app.customers.timeline.event_properties import PropertyTest
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_, MessageId


class EventRefused(Refusal):
    """Nobody could report such an event, or its properties cannot be compared so."""

    status = 422
    message = N_("Enter the name of the event, as your shop, website or program reports it.")


@dataclass(frozen=True)
class EventTrigger:
    """An event that programs, a website or a shop report."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: EventWord
    where: Annotated[tuple[EventTest, ...], Field(max_length=MAX_TESTS)] = field(default=())

    def tests(self) -> list[PropertyTest]:
        """Return the comparisons of its properties."""
        return [each.test() for each in self.where]

    def describe(self, language: Language) -> str:
        """Return it as a part of a sentence."""
        return describe_event(self.name, self.where, Description(Vocabulary({}), language))

    def kept(self) -> dict[str, Any]:
        """Return it as it is kept."""
        found: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return found


_ADAPTER = TypeAdapter(EventTrigger)


def load(kept: dict[str, Any]) -> EventTrigger:
    """Return the trigger that was kept."""
    return _ADAPTER.validate_python(kept, strict=False)


def read(name: str, where: list[tuple[str, str, str]]) -> EventTrigger:
    """Return the trigger of these words (property, comparison, value); raise EventRefused at the row at fault."""
    name = name.strip()
    if not name:
        raise EventRefused(field="event_name")
    if is_reserved(name):
        raise EventRefused(_RESERVED, field="event_name")
    tests = [_test(number, *row) for number, row in enumerate(where, start=1) if row[0].strip()]
    try:
        return load({"name": name, "where": [vars(test) for test in tests]})
    except ValidationError:
        raise EventRefused(field="event_name") from None


def _test(number: int, name: str, compare: str, value: str) -> EventTest:
    try:
        test: EventTest = _TEST.validate_python(
            {"property": name.strip(), "compare": compare or "is", "value": value.strip() or None}
        )
        test.test()
    except ConditionInvalid as invalid:
        raise EventRefused(MessageId(invalid.message), field=f"value{number}") from None
    except ValidationError:
        raise EventRefused(N_("This comparison cannot be used."), field=f"property{number}") from None
    return test


_TEST = TypeAdapter(EventTest)
_RESERVED = N_("This name is used for what is recorded here itself: make a segment of it, and begin with that.")
