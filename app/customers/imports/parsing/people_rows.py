"""Reads and checks one row of a file of people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any

from app.customers import values
from app.customers.addresses import emails
from app.customers.addresses.kinds import ReadAddress
from app.customers.addresses.queries import EMAIL
from app.customers.field_kinds.kind import Reading
from app.customers.imports.evidence import ConsentClaim
from app.customers.imports.mapping.mapping import ADDRESSES, COLUMNS, EITHER, EVIDENCE, Options
from app.customers.imports.models import Import
from app.customers.imports.occurrences import Occurrences
from app.customers.imports.parsing import address_cells, identity_words, repeats
from app.customers.imports.parsing.answers import AnswerReader
from app.customers.imports.parsing.batches import Batch
from app.customers.imports.parsing.columns import Columns
from app.customers.imports.refused import RowRefused
from app.customers.models import CustomField
from app.customers.profiles import codes, fields, identity, people

Cells = list[str]


@dataclass(slots=True)
class PersonRow:
    """What a row says about a person: the address as typed and its key, the profile's values in the reader's order,
    custom values by key, tags, and the answers they gave. What the row leaves open is empty.
    """

    row: int
    key: str
    email: str
    said: list[str]
    custom: dict[str, Any]
    tags: tuple[str, ...]
    answers: list[ConsentClaim]
    number: str
    covers: list[int] = field(default_factory=list)
    address_digest: bytes | None = None

    # Beside the primary email: phones, further emails, postal addresses.
    addresses: list[ReadAddress] = field(default_factory=list)

    # An earlier batch of this file named the person already; a silent row changes nothing of them.
    is_again: bool = False
    is_silent: bool = False

    def absorb(self, earlier: PersonRow, options: Options) -> PersonRow:
        """Return one row for both: what each says is joined, or one of them alone is heard, as the person chose."""
        heard, other = (self, earlier) if earlier.is_silent or not self.is_silent else (earlier, self)
        heard.covers = [*heard.covers, *other.covers, other.row]
        heard.answers = [*earlier.answers, *self.answers]
        heard.is_again = earlier.is_again
        if self.addresses or earlier.addresses:
            joined = {(each.kind, each.key): each for each in (*self.addresses, *earlier.addresses)}
            heard.addresses = list(joined.values())
        # Who is found by the address keeps it as it was first typed.
        if options.match_by == "email" or not (heard.email or options.clears_empty):
            heard.email, heard.key = earlier.email, earlier.key
        if options.repeats == "merge" and not options.clears_empty:
            heard.said = [new or old for new, old in zip(self.said, earlier.said, strict=True)]
            heard.number = self.number or earlier.number
            heard.custom = {**earlier.custom, **self.custom}
            heard.tags = tuple(sorted({*earlier.tags, *self.tags}))
        return heard

    def silence(self, number_at: int | None) -> None:
        """Say who it is and what they answered, and nothing else."""
        self.is_silent = True
        self.said = [text if place == number_at else "" for place, text in enumerate(self.said)]
        self.custom, self.tags, self.addresses = {}, (), []


class PeopleReader:
    """Reads rows of one file by its mapping; made once a file, so that a row costs only its own cells."""

    shared_at: int | None = None

    def __init__(
        self,
        found: Import,
        options: Options,
        custom: list[CustomField],
        owners: Occurrences,
    ) -> None:
        """`owners` tells by email whose it is, for those who use several."""
        self.owners = owners
        place = {target: int(position) for position, target in found.mapping.items()}
        self.options = options
        self.place = place
        self.is_either = options.match_by == EITHER
        self.header = found.header
        self.email_at = place.get("email")
        self.names = [name for name in COLUMNS if name in place]
        self.plain = Columns([place[name] for name in self.names])
        self.number_at = self.names.index("external_ref") if "external_ref" in self.names else None
        coded = codes.FIND | identity_words.finders(
            options.date_order,
            # It may be tomorrow already where they were born.
            found.created_at.date() + timedelta(days=1),
        )
        self.coded = [(name, self.names.index(name), find) for name, find in coded.items() if name in self.names]
        self.short = [(name, self.names.index(name)) for name in identity.TEXTS if name in self.names]
        self.tags_at = place.get("tags")
        self.addresses = [(name, place[name]) for name in ADDRESSES if name in place]
        self.country_at = self.names.index("country") if "country" in self.names else None
        self.answers = AnswerReader(place, options) if set(EVIDENCE) & set(place) else None
        own = {f"custom.{field.key}": field for field in custom}
        self.custom = [
            (field.key, place[target], _reader_of(field, options, place[target]))
            for target, field in own.items()
            if target in place
        ]

    def read(self, row: int, cells: Cells, *, is_plain: bool) -> PersonRow:
        """Return what the row says; raise RowRefused. In a plain row no cell holds more than meets the eye."""
        typed, key = "", ""
        if self.email_at is not None and (typed := cells[self.email_at].strip()):
            found = emails.find_key(typed)
            if found is None:
                raise RowRefused("address", typed, self.email_at)
            key = found
        said = [cell.strip() for cell in self.plain(cells)] if is_plain else self._read_closely(cells)
        for name, place, find in self.coded:
            if text := said[place]:
                code = find(text)
                if code is None:
                    raise RowRefused(name, text, self.place[name])
                said[place] = code
        for name, place in self.short:
            if len(said[place]) > identity.LONGEST:
                raise RowRefused("too_long", self.header[self.place[name]], self.place[name])
        number = said[self.number_at] if self.number_at is not None else ""
        if not (key or number if self.is_either else key if self.options.match_by == "email" else number):
            raise RowRefused("nobody", self.header[self.place["email" if self.is_either else self.options.match_by]])
        custom = {}
        if self.custom:
            custom = {name: read(text) for name, place, read in self.custom if (text := cells[place].strip())}
        tags = self._tags(text) if self.tags_at is not None and (text := cells[self.tags_at]) else ()
        answer = self.answers.read(row, typed, cells) if self.answers else None
        person = PersonRow(row, key, typed, said, custom, tags, [answer] if answer else [], number)
        if self.addresses:
            person.addresses = self._addresses(person, cells)
        return person

    def _addresses(self, person: PersonRow, cells: Cells) -> list[ReadAddress]:
        country = person.said[self.country_at] or None if self.country_at is not None else None
        found = [
            address
            for column, place in self.addresses
            if (text := cells[place].strip())
            for address in address_cells.read(column, text, place, country=country)
        ]
        # The primary email is no further one.
        return [each for each in found if not (each.kind == EMAIL and each.key == person.key)]

    def identity(self, row: PersonRow) -> str:
        """Return what tells in the whole file whom a row is about."""
        if row.number if self.is_either else self.options.match_by != "email":
            return row.number
        owner = self.owners.find(row.key)
        return row.key if owner is None else f"#{owner}"

    def marks(self, row: PersonRow) -> list[str]:
        """Return the number and the email that tell whom a row is about, as far as it has them, told apart."""
        found = [f"number {row.number}"] if row.number else []
        if row.key:
            owner = self.owners.find(row.key)
            found.append(f"email {row.key}" if owner is None else f"customer {owner}")
        return found

    def gather(
        self, batch: Batch, taken: list[PersonRow], met: Occurrences, latest: Occurrences | None
    ) -> None:
        """Make one row of several about the same person; a number or address cannot be two people's."""
        repeats.gather(batch, taken, self, met, latest)

    def _read_closely(self, cells: Cells) -> list[str]:
        return [self._text(name, cell) for name, cell in zip(self.names, self.plain(cells), strict=True)]

    def _text(self, name: str, cell: str) -> str:
        clean = values.one_line(cell)
        if len(clean) > fields.LONGEST_TEXT:
            raise RowRefused("too_long", self.header[self.place[name]])
        return clean

    def _tags(self, cell: str) -> tuple[str, ...]:
        try:
            return _read_tags(cell)
        except fields.ValueRefused:
            raise RowRefused("tags", cell[:100], self.tags_at) from None


def _reader_of(found: CustomField, options: Options, place: int) -> Callable[[str], Any]:
    kind = fields.KINDS[found.kind]
    reading = Reading(options.date_order, options.decimal, options.currency, options.time_zone)

    def read(text: str) -> Any:
        try:
            return kind.parse(text, found, reading)
        except fields.ValueRefused:
            raise RowRefused(found.kind, text[:100], place) from None

    return read


@lru_cache(maxsize=8192)
def _read_tags(cell: str) -> tuple[str, ...]:
    """Tags stand in one cell, parted by comma, semicolon or bar; Mailchimp writes each in quotation marks."""
    parts = cell.replace(";", ",").replace("|", ",").split(",")
    return tuple(people.tags([part.strip().strip('"') for part in parts]))
