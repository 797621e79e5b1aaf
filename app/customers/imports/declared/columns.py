"""Columns of declared kinds of import: what each is called, how its cells are read, and how the value is staged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.customers import values
from app.customers.addresses import emails
from app.customers.imports.mapping.headings import fold
from app.customers.imports.mapping.mapping import Options
from app.customers.imports.refused import TOO_LONG
from app.customers.profiles import codes, dates
from app.kernel.translatable import MessageId

Read = Callable[[str, Options], Any]
LONGEST = 200
_SIGNS = str.maketrans(dict.fromkeys(";|/", ","))


class Unreadable(Exception):
    """A cell does not hold what its column does; `reason` is a rejection code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Column:
    """One column: `read(cell, options)` returns its value or raises Unreadable, `sql` is the type it is staged as."""

    name: str
    label: MessageId
    read: Read
    sql: str = "text"

    @property
    def holds_dates(self) -> bool:
        return self.sql in ("date", "timestamptz")

    @property
    def holds_numbers(self) -> bool:
        return self.sql in ("bigint", "numeric(14, 2)")


def line(longest: int = LONGEST) -> Read:
    """Read one line of text."""

    def read(text: str, _options: Options) -> str:
        clean = values.one_line(text)
        if len(clean) > longest:
            raise Unreadable(TOO_LONG)
        return clean

    return read


def email(text: str, _options: Options) -> str:
    """Read an email address, by its key."""
    key = emails.find_key(text)
    if key is None:
        raise Unreadable("address")
    return key


def day(text: str, options: Options) -> Any:
    """Read a day."""
    try:
        return dates.day(text, options.date_order)
    except ValueError:
        raise Unreadable("date") from None


def moment(text: str, options: Options) -> Any:
    """Read a time; a day alone means its noon."""
    try:
        return dates.moment(text, options.date_order, options.time_zone)
    except ValueError:
        raise Unreadable("date") from None


def truth(text: str, _options: Options) -> bool:
    """Read a yes or no."""
    answer = values.truth(text)
    if answer is None:
        raise Unreadable("truth")
    return answer


def country(text: str, _options: Options) -> str:
    """Read a country, by its code or name."""
    code = codes.find_country(text)
    if code is None:
        raise Unreadable("country")
    return code


def whole(least: int, most: int, reason: str) -> Read:
    """Read a whole number within these bounds."""

    def read(text: str, options: Options) -> int:
        try:
            number = values.amount(text, decimal=options.decimal)
        except ValueError:
            raise Unreadable(reason) from None
        if number != number.to_integral_value() or not least <= number <= most:
            raise Unreadable(reason)
        return int(number)

    return read


def one_of(words: Mapping[str, str], reason: str) -> Read:
    """Read one of some choices, by any of the words for it."""
    known = {fold(word): choice for word, choice in words.items()}

    def read(text: str, _options: Options) -> str:
        choice = known.get(fold(text))
        if choice is None:
            raise Unreadable(reason)
        return choice

    return read


def several_of(words: Mapping[str, str], reason: str) -> Read:
    """Read any of some choices, parted by commas or other signs; return them in the order of the choices."""
    read_one = one_of(words, reason)
    order = list(dict.fromkeys(words.values()))

    def read(text: str, options: Options) -> list[str]:
        chosen = {read_one(part, options) for part in text.translate(_SIGNS).split(",") if part.strip()}
        return sorted(chosen, key=order.index)

    return read


def words_of(choices: Mapping[str, str]) -> dict[str, str]:
    """Return the words for each choice, written in one line a choice, as {word: choice}."""
    told = {choice: choice for choice in choices}
    return told | {word.strip(): choice for choice, line in choices.items() for word in line.split(",")}
