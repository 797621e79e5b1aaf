"""What conditions describe themselves with, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from app.conditions.references import Reference, Vocabulary
from app.customers.profiles import codes
from app.kernel.translatable import N_, Plural


def _untranslated(message: str) -> str:
    return message


def _english_plural(one: str, many: str, count: int) -> str:
    return one if count == 1 else many


def _the_code(_kind: str, code: str) -> str:
    return code


@dataclass(frozen=True)
class Language:
    """How the reader says things; by default in English, and codes as they are."""

    translate: Callable[[str], str] = _untranslated
    # (singular, plural, count) -> the form for that many, translated
    translate_plural: Callable[[str, str, int], str] = _english_plural
    # (what the field's values are codes of, the code) -> its name
    name_of: Callable[[str, str], str] = _the_code


@dataclass(frozen=True)
class Description:
    """Words for conditions: the reader's language, and the workspace's names for what conditions point to."""

    vocabulary: Vocabulary
    language: Language = field(default_factory=Language)

    def text(self, message: str, **values: Any) -> str:
        """Return the translated message with its values put in."""
        return self.language.translate(message) % values

    def counted(self, messages: Plural, count: int, **values: Any) -> str:
        """Return the translated message in its form for so many, which it may name as `num`."""
        return self.language.translate_plural(*messages, count) % {"num": count, **values}

    def field(self, name: str) -> str:
        """Return what people call a field."""
        info = self.vocabulary.fields.get(name)
        if info is None:
            return name
        if info.group == "custom":
            return info.label
        label = self.language.translate(info.label)
        return label[:1].lower() + label[1:]

    def value(self, value: bool | int | Decimal | date | str, of: str = "") -> str:
        """Return a value as one reads it: choices by their label, text in quotes, numbers without needless zeros."""
        info = self.vocabulary.fields.get(of)
        labels = dict(info.choices) if info else {}
        if isinstance(value, str) and value in labels:
            value = labels[value] if info and info.group == "custom" else self.language.translate(labels[value])
        if isinstance(value, bool):
            return self.language.translate(N_("yes")) if value else self.language.translate(N_("no"))
        if isinstance(value, str) and info and info.codes:
            found = codes.FIND[info.codes](value)
            return self.language.name_of(info.codes, found) if found else self.text(N_("“%(text)s”"), text=value)
        if isinstance(value, str):
            return self.text(N_("“%(text)s”"), text=value)
        if isinstance(value, Decimal):
            return f"{value.normalize():f}"
        return value.isoformat() if isinstance(value, date) else str(value)

    def values(self, values: Sequence[int | Decimal | str], of: str) -> str:
        """Return several values of a field as a list that ends in "or"."""
        return self.join([self.value(value, of) for value in values], N_(" or "))

    def name(self, reference: Reference, row_id: int) -> str:
        """Return the name of what a condition points to, in quotes; its number where it is gone."""
        return self.value(self.vocabulary.names_of(reference).get(row_id, f"#{row_id}"))

    def join(self, parts: Sequence[str], last: str) -> str:
        """Join parts with commas and, before the last one, a word."""
        if len(parts) < 2:
            return "".join(parts)
        return self.language.translate(N_(", ")).join(parts[:-1]) + self.language.translate(last) + parts[-1]
