"""Joins several rows of a batch about the same person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from app.customers.imports.occurrences import Occurrences
from app.customers.imports.parsing.batches import Batch, Refused, Repeat, storable
from app.customers.imports.refused import TWO_PEOPLE
from app.customers.profiles.people import MOST_TAGS

if TYPE_CHECKING:
    from app.customers.imports.mapping.mapping import Options
    from app.customers.imports.parsing.people_rows import PeopleReader, PersonRow


def gather(
    batch: Batch, rows: list[PersonRow], reader: PeopleReader, met: Occurrences, latest: Occurrences | None
) -> None:
    """Make one row of several about the same person; a number or address cannot be two people's."""
    options, by_email = reader.options, reader.options.match_by == "email"
    people: dict[str, PersonRow] = {}
    holders: dict[str, str] = {}
    # What the latest row of each person said, before it was silenced.
    said: dict[str, Sequence[str]] = {}
    named = _Named(reader) if reader.is_either else None
    for row in rows:
        identity, other = reader.identity(row), row.number if by_email else row.key
        if named:
            found = named.find(row)
            if found is None:
                detail = f"{row.number} / {row.email}"
                batch.refused.append(Refused(row.row, TWO_PEOPLE, detail, storable(batch.cells[row.row])))
                continue
            identity = found
        elif other and holders.setdefault(other, identity) != identity:
            place = reader.place["external_ref" if by_email else "email"]
            batch.refused.append(Refused(row.row, "taken", other, storable(batch.cells[row.row]), place))
            continue
        earlier = people.get(identity)
        if earlier and options.repeats == "merge" and len({*earlier.tags, *row.tags}) > MOST_TAGS:
            batch.refused.append(Refused(row.row, "tags", "", storable(batch.cells[row.row]), reader.tags_at))
            continue
        first = min(met.first(each, row.row) for each in (reader.marks(row) if named else (identity,)))
        if first != row.row:
            differs = _differences(said.get(identity), row.said, reader.names)
            batch.repeats.append(Repeat(row.row, first, row.email or row.number, differs))
            row.is_again = earlier is None
        said[identity] = row.said
        if (first != row.row and options.repeats == "first") or (
            latest and latest.find(reader.identity(row)) != row.row
        ):
            row.silence(reader.number_at)
        people[identity] = _joined(earlier, row, options) if earlier else row
        if options.repeats == "merge":
            said[identity] = people[identity].said
    batch.people = list(people.values())


class _Named:
    """Whom the rows of a batch are about that may name somebody by number, by email, or by both."""

    def __init__(self, reader: PeopleReader) -> None:
        self._reader = reader
        self._people: dict[str, str] = {}
        self._numbers: dict[str, str] = {}

    def find(self, row: PersonRow) -> str | None:
        """Return who it is, the same for every row about them; None where number and email are two people's."""
        marks = self._reader.marks(row)
        known = {self._people[mark] for mark in marks if mark in self._people}
        person = min(known, default=marks[0])
        if len(known) > 1 or (row.number and self._numbers.setdefault(person, row.number) != row.number):
            return None
        self._people |= dict.fromkeys(marks, person)
        return person


def join_known(batch: Batch, customer_ids: Mapping[int, int], options: Options, names: Sequence[str]) -> bool:
    """Make one row of those that name the same customer by different emails, and say whether there were any.

    `customer_ids` are the customers known by the rows' numbers, `names` what the rows say in this order. The joined row
    keeps the email of the row that is heard; what each row says about consent is said of its own.
    """
    number_at = names.index("external_ref") if "external_ref" in names else None
    known = sorted((customer_ids[row.row], row.row, row) for row in batch.people if row.row in customer_ids)
    joined: dict[int, PersonRow | None] = {}
    for _customer_id, group in groupby(known, key=lambda each: each[0]):
        (_, _, person), *others = group
        for _, _, row in others:
            batch.repeats.append(Repeat(row.row, person.row, row.email, _differences(person.said, row.said, names)))
            joined |= {person.row: None, row.row: None}
            if options.repeats == "first":
                row.silence(number_at)
            person = _joined(person, row, options)
            joined[person.row] = person
    if not joined:
        return False
    people = [joined.get(row.row, row) for row in batch.people]
    batch.people = [row for row in people if row]
    return True


def _joined(earlier: PersonRow, row: PersonRow, options: Options) -> PersonRow:
    """Return one row for both; of two emails it keeps that of the row that is heard."""
    own = {each.row: (each.email, each.key) for each in (earlier, row)}
    is_one_email = earlier.key == row.key
    person = row.absorb(earlier, options)
    if options.match_by == "email" and not is_one_email:
        person.email, person.key = own[person.row]
    return person


def _differences(
    earlier: Sequence[str] | None, later: Sequence[str], names: Sequence[str]
) -> tuple[tuple[str, str, str], ...]:
    if earlier is None:
        return ()
    said = zip(names, earlier, later, strict=True)
    return tuple((name, old, new) for name, old, new in said if old and new and old != new)
