"""What does one row of a file of people say? Checked in a few microseconds, because files have millions of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from app.customers import addresses, fields, people, values
from app.customers.cells import unquote
from app.customers.imports.evidence import Said
from app.customers.imports.mapping import EVIDENCE, Options
from app.customers.imports.refused import RowRefused
from app.customers.models import CustomField

LONGEST_EVIDENCE = 2000
PURPOSES = ("marketing", "open_tracking", "click_tracking", "profiling")
Cells = list[str]


@dataclass(slots=True)
class PersonRow:
    """What a row says about a person: values by name, custom values by key, tags, and the answers they gave."""

    row: int
    key: str | None
    values: dict[str, str | None]
    custom: dict[str, Any]
    tags: tuple[str, ...]
    answers: list[Said]
    covers: list[int] = field(default_factory=list)
    address_digest: bytes | None = None

    def absorb(self, earlier: PersonRow, options: Options) -> None:
        """Take over what an earlier row of the same person said and this one leaves open."""
        self.covers = [*earlier.covers, earlier.row]
        self.answers = [*earlier.answers, *self.answers]
        typed = earlier.values.get("email") if options.match_by == "email" else self.values.get("email")
        if not options.clears_empty:
            self.values = {**earlier.values, **{k: v for k, v in self.values.items() if v is not None}}
            self.custom = {**earlier.custom, **self.custom}
            self.tags = tuple(sorted({*earlier.tags, *self.tags}))
        self.values["email"] = typed or self.values.get("email")


class PeopleReader:
    """Reads rows of one file by its mapping; made once a file, so that a row costs only its own cells."""

    def __init__(self, mapping: dict[str, str], options: Options, custom: list[CustomField]) -> None:
        place = {target: int(position) for position, target in mapping.items()}
        self.options = options
        self.email_at = place.get("email")
        self.plain = [(name, place[name]) for name in fields.PROFILE if name in place]
        self.tags_at = place.get("tags")
        self.evidence = [place.get(name, -1) for name in EVIDENCE] if set(EVIDENCE) & set(place) else []
        own = {f"custom.{found.key}": found for found in custom}
        self.custom = [
            (found.key, place[target], _reader_of(found)) for target, found in own.items() if target in place
        ]

    def read(self, row: int, cells: Cells) -> PersonRow:
        """Return what the row says; raise RowRefused."""
        typed = unquote(cells[self.email_at].strip()) if self.email_at is not None else ""
        key = self._key_of(typed)
        said = {name: _text(name, cells[place]) for name, place in self.plain}
        self._check_identity(key, said)
        if self.email_at is not None:
            said["email"] = typed or None
        custom = {name: read(text) for name, place, read in self.custom if (text := unquote(cells[place].strip()))}
        tags = _tags(text) if self.tags_at is not None and (text := cells[self.tags_at]) else ()
        answer = self._answer(row, typed, cells) if self.evidence else None
        return PersonRow(row, key, said, custom, tags, [answer] if answer else [])

    def _key_of(self, typed: str) -> str | None:
        if not typed:
            return None
        key = addresses.find_key(typed)
        if key is None:
            raise RowRefused("address", typed)
        return key

    def _check_identity(self, key: str | None, said: dict[str, str | None]) -> None:
        if (key if self.options.match_by == "email" else said.get("external_ref")) is None:
            raise RowRefused("nobody", self.options.match_by)

    def _answer(self, row: int, email: str, cells: Cells) -> Said | None:
        texts = ["" if place < 0 else cells[place].strip() for place in self.evidence]
        if not any(texts):
            return None
        if sum(map(len, texts)) > LONGEST_EVIDENCE:
            raise RowRefused("too_long", "consent")
        said, at, method, wording, topic, purposes, page, ip = texts
        # A file without a yes-or-no column means yes where it tells when or how consent was given.
        is_yes = _truth(said) if said else bool(at or method or wording)
        when = self._moment(at) if at else None
        return Said(
            row, email, is_yes, when, method, wording, topic or self.options.topic, page, ip, _purposes(purposes)
        )

    def _moment(self, text: str) -> datetime:
        try:
            return values.moment(text, self.options.date_order, self.options.time_zone)
        except ValueError:
            raise RowRefused("date", text) from None


def _text(name: str, cell: str) -> str | None:
    # The plain case without a call: this runs several times a row.
    clean = cell.strip() if cell.isascii() and cell.isprintable() else values.one_line(cell)
    if clean[:1] == "'":
        clean = unquote(clean)
    if len(clean) > fields.LONGEST_TEXT:
        raise RowRefused("too_long", name)
    if name == "time_zone" and clean and not fields.is_time_zone(clean):
        raise RowRefused("time_zone", clean)
    return clean or None


def _reader_of(found: CustomField) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return fields.parse(found.kind, text, found.choices)
        except fields.ValueRefused:
            raise RowRefused(found.kind, f"{found.label}: {text[:100]}") from None

    return read


@lru_cache(maxsize=8192)
def _tags(cell: str) -> tuple[str, ...]:
    """Tags stand in one cell, parted by comma, semicolon or bar."""
    parts = unquote(cell).replace(";", ",").replace("|", ",").split(",")
    try:
        return tuple(people.tags(parts))
    except fields.ValueRefused:
        raise RowRefused("tags", cell[:100]) from None


@lru_cache(maxsize=256)
def _truth(text: str) -> bool:
    answer = values.truth(text)
    if answer is None:
        raise RowRefused("truth", text[:100])
    return answer


@lru_cache(maxsize=256)
def _purposes(cell: str) -> tuple[str, ...]:
    named = tuple(dict.fromkeys(cell.replace(",", " ").replace(";", " ").replace("|", " ").lower().split()))
    if not set(named) <= set(PURPOSES):
        raise RowRefused("purpose", cell[:100])
    return named or ("marketing",)
