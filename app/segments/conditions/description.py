"""The pieces that conditions describe themselves with, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from app.customers.profiles import codes
from app.customers.profiles.fields import FieldInfo

Translate = Callable[[str], str]
NameOf = Callable[[str, str], str]


def N_(message: str) -> str:
    """Mark a message for the catalogue; it is translated when it is said."""
    return message


def untranslated(message: str) -> str:
    """Say it in English."""
    return message


def by_code(_kind: str, code: str) -> str:
    """Say a country, language or time zone by its code."""
    return code


@dataclass(frozen=True)
class Description:
    """A voice: the language, and the names behind the ids a rule carries."""

    fields: Mapping[str, FieldInfo]
    translate: Translate = untranslated
    topics: Mapping[int, str] = field(default_factory=dict)
    segments: Mapping[int, str] = field(default_factory=dict)
    # (what the field's values are codes of, the code) -> its name in the reader's language
    name_of: NameOf = by_code

    def say(self, message: str, **values: Any) -> str:
        """Return the translated message with its values put in."""
        return self.translate(message) % values

    def field(self, name: str) -> str:
        """Return what people call a field."""
        info = self.fields.get(name)
        if info is None:
            return name
        if info.group == "custom":
            return info.label
        label = self.translate(info.label)
        return label[:1].lower() + label[1:]

    def value(self, value: bool | int | Decimal | date | str, of: str = "") -> str:
        """Return a value as one reads it: choices by their label, text in quotes, numbers without needless zeros."""
        info = self.fields.get(of)
        labels = dict(info.choices) if info else {}
        if isinstance(value, str) and value in labels:
            value = labels[value] if info and info.group == "custom" else self.translate(labels[value])
        if isinstance(value, bool):
            return self.translate(N_("yes")) if value else self.translate(N_("no"))
        if isinstance(value, str) and info and info.codes:
            found = codes.FIND[info.codes](value)
            return self.name_of(info.codes, found) if found else self.say(N_("“%(text)s”"), text=value)
        if isinstance(value, str):
            return self.say(N_("“%(text)s”"), text=value)
        if isinstance(value, Decimal):
            return f"{value.normalize():f}"
        return value.isoformat() if isinstance(value, date) else str(value)

    def values(self, values: Sequence[int | Decimal | str], of: str) -> str:
        """Return several values of a field as a list that ends in "or"."""
        return self.join([self.value(value, of) for value in values], N_(" or "))

    def topic(self, topic_id: int) -> str:
        """Return a topic's name in quotes."""
        return self.value(self.topics.get(topic_id, f"#{topic_id}"))

    def segment(self, segment_id: int) -> str:
        """Return a segment's name in quotes."""
        return self.value(self.segments.get(segment_id, f"#{segment_id}"))

    def join(self, parts: Sequence[str], last: str) -> str:
        """Join parts with commas and, before the last one, a word."""
        if len(parts) < 2:
            return "".join(parts)
        return self.translate(N_(", ")).join(parts[:-1]) + self.translate(last) + parts[-1]

    def period(self, days: int | None) -> str:
        """Return the period a condition looks back over."""
        if days is None:
            return self.translate(N_("at any time"))
        if days == 1:
            return self.translate(N_("in the last day"))
        return self.say(N_("in the last %(days)s days"), days=days)
