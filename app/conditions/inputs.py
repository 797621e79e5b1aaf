"""The inputs conditions are filled in with: each knows its controls, and the way from words typed to JSON and back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from app.conditions.references import Reference, Vocabulary
from app.customers.profiles.fields import FieldInfo
from app.kernel.translatable import N_

Words = Mapping[str, str]


@dataclass(frozen=True)
class FilledIn:
    """What was typed into the inputs of one condition, and what it asks about in which workspace."""

    words: Words
    subject: str
    vocabulary: Vocabulary

    def word(self, name: str) -> str:
        """Return what was typed into an input, without the space around it."""
        return self.words.get(name, "").strip()

    @property
    def field(self) -> FieldInfo | None:
        """Return the field that is asked about, if it is one."""
        return self.vocabulary.fields.get(self.subject)


@dataclass(frozen=True)
class Option:
    """One entry of a list. `label` is a message id unless it `is_name`, which people gave it."""

    value: str
    label: str
    is_name: bool = False


@dataclass(frozen=True)
class Control:
    """One form control as the page draws it; texts are message ids.

    `kind` is text, lines, number, date or choice. A choice offers `options` by group, or the codes of a kind (`codes`,
    such as country), or what is suggested; `suggests` names the field whose usual values are offered while typing. The
    options of a text are offered while typing.
    """

    name: str
    kind: str
    label: str
    before: str = ""
    after: str = ""
    placeholder: str = ""
    options: Sequence[tuple[str, Sequence[Option]]] = ()
    codes: str = ""
    suggests: str = ""
    chars: int = 0
    # A list starts with an empty entry unless something of it is chosen from the beginning.
    default: str = ""
    is_multiple: bool = False
    # Another choice shows other controls.
    is_redrawn: bool = False
    # The kind of reference that is searched for more than is listed.
    searches: str = ""

    def unlisted(self, chosen: Sequence[str]) -> list[str]:
        """Return what is chosen although it is not, or no longer, on the list: it is shown, and judged later."""
        listed = {option.value for _group, options in self.options for option in options}
        return [value for value in chosen if value and value not in listed]


class Input(ABC):
    """A part of a condition that is filled in."""

    @property
    @abstractmethod
    def parts(self) -> tuple[str, ...]:
        """Return the parts of the condition in JSON that it fills in."""

    @abstractmethod
    def controls(self, filled: FilledIn) -> list[Control]:
        """Return what to draw, given what is filled in so far."""

    @abstractmethod
    def read(self, filled: FilledIn) -> dict[str, Any]:
        """Return the words as parts in JSON; what cannot be read stays as typed, to be refused at its place."""

    @abstractmethod
    def show(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Return the words that stand for these parts."""

    def refers(self, filled: FilledIn) -> Iterable[tuple[Reference, int]]:  # noqa: ARG002
        """Return what is chosen by its id, where there may be too many of its kind to list."""
        return ()

    def control_of(self, part: str) -> str:
        """Return the name of the control at which to say what is wrong with a part."""
        return part

    def is_blank(self, filled: FilledIn) -> bool:
        """Say whether something that must be filled in is still empty."""
        return any(not filled.word(part) for part in self.parts)


@dataclass(frozen=True)
class OneInput(Input):
    """An input of one part and one control of the same name."""

    name: str
    label: str = N_("Value")

    @property
    def parts(self) -> tuple[str, ...]:
        return (self.name,)

    def show(self, values: Mapping[str, Any]) -> dict[str, str]:
        return {self.name: word_of(values[self.name])} if values.get(self.name) is not None else {}


@dataclass(frozen=True)
class TextInput(OneInput):
    """A text; `suggests` names a field whose usual values are offered."""

    suggests: str = ""

    def controls(self, _filled: FilledIn) -> list[Control]:
        return [Control(self.name, "text", self.label, suggests=self.suggests)]

    def read(self, filled: FilledIn) -> dict[str, Any]:
        return {self.name: filled.word(self.name)}


@dataclass(frozen=True)
class NumberInput(OneInput):
    """A number, whole if asked, with words before and after it."""

    before: str = ""
    after: str = ""
    is_whole: bool = False
    chars: int = 6

    def controls(self, _filled: FilledIn) -> list[Control]:
        return [Control(self.name, "number", self.label, self.before, self.after, chars=self.chars)]

    def read(self, filled: FilledIn) -> dict[str, Any]:
        word = filled.word(self.name)
        return {self.name: whole(word) if self.is_whole else number(word)}


@dataclass(frozen=True)
class ChoiceInput(OneInput):
    """One of a fixed list; the first is chosen from the beginning."""

    options: tuple[Option, ...] = ()

    def controls(self, _filled: FilledIn) -> list[Control]:
        options = (("", self.options),)
        return [Control(self.name, "choice", self.label, options=options, default=self.options[0].value)]

    def read(self, filled: FilledIn) -> dict[str, Any]:
        return {self.name: filled.word(self.name) or self.options[0].value}

    def is_blank(self, _filled: FilledIn) -> bool:
        return False


@dataclass(frozen=True, kw_only=True)
class ReferenceInput(OneInput):
    """One of the workspace's things of a kind, kept by its id."""

    reference: Reference

    def controls(self, filled: FilledIn) -> list[Control]:
        names = filled.vocabulary.names_of(self.reference)
        options = [Option(str(row_id), name, is_name=True) for row_id, name in names.items()]
        return [Control(self.name, "choice", self.label, options=(("", options),))]

    def read(self, filled: FilledIn) -> dict[str, Any]:
        return {self.name: whole(filled.word(self.name))}


@dataclass(frozen=True)
class FieldInput(OneInput):
    """A value of the field that is asked about, typed or chosen as its kind is; several with `is_multiple`."""

    is_multiple: bool = False

    def controls(self, filled: FilledIn) -> list[Control]:
        info = filled.field
        kind = info.kind if info else "text"
        label = self.label
        if info and info.codes:
            return [Control(self.name, "choice", label, codes=info.codes, is_multiple=self.is_multiple)]
        if info and kind in ("choice", "choices"):
            options = tuple(Option(value, text, is_name=info.group == "custom") for value, text in info.choices)
            return [Control(self.name, "choice", label, options=(("", options),), is_multiple=self.is_multiple)]
        if kind == "boolean":
            return [Control(self.name, "choice", label, options=(("", YES_OR_NO),))]
        if kind in ("date", "time"):
            return [Control(self.name, "date", N_("Day") if label == N_("Value") else label)]
        if kind == "number" and not self.is_multiple:
            return [Control(self.name, "number", N_("Number") if label == N_("Value") else label, chars=8)]
        if self.is_multiple:
            return [Control(self.name, "lines", N_("Values, one a line"), placeholder=N_("one a line"))]
        return [Control(self.name, "text", label, suggests=filled.subject)]

    def read(self, filled: FilledIn) -> dict[str, Any]:
        info = filled.field
        word, kind = filled.word(self.name), info.kind if info else "text"
        if self.is_multiple:
            parts = (part.strip() for part in word.splitlines())
            return {self.name: [_of_kind(part, kind) for part in parts if part]}
        return {self.name: _of_kind(word, kind)}


YES_OR_NO = (Option("yes", N_("yes")), Option("no", N_("no")))


def number(word: str) -> Decimal | str:
    """Return the number that was typed; what is none stays as it is."""
    try:
        return Decimal(word.replace(" ", ""))
    except InvalidOperation:
        return word


def whole(word: str) -> int | str:
    """Return the whole number that was typed; what is none stays as it is."""
    return int(word) if word.isascii() and word.isdigit() and len(word) < 19 else word


def word_of(value: Any) -> str:
    """Return a value in JSON as it would be typed; several are lines."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "\n".join(str(item) for item in value) if isinstance(value, list) else str(value)


def _of_kind(word: str, kind: str) -> Any:
    if kind == "number":
        return number(word)
    if kind == "boolean":
        return {"yes": True, "no": False}.get(word, word)
    return word
