"""Joins several rows of a batch about the same person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.customers.imports.occurrences import Occurrences
from app.customers.imports.parsing.batches import Batch, Refused, Repeat, storable
from app.customers.profiles.people import MOST_TAGS

if TYPE_CHECKING:
    from app.customers.imports.parsing.people_rows import PeopleReader, PersonRow


def gather(
    batch: Batch, rows: list[PersonRow], reader: PeopleReader, met: Occurrences, latest: Occurrences | None
) -> None:
    """Make one row of several about the same person; a number or address cannot be two people's."""
    options, by_email = reader.options, reader.options.match_by == "email"
    people: dict[str, PersonRow] = {}
    holders: dict[str, str] = {}
    for row in rows:
        identity, other = (row.key, row.number) if by_email else (row.number, row.key)
        if other and holders.setdefault(other, identity) != identity:
            place = reader.place["external_ref" if by_email else "email"]
            batch.refused.append(Refused(row.row, "taken", other, storable(batch.cells[row.row]), place))
            continue
        earlier = people.get(identity)
        if earlier and options.repeats == "merge" and len({*earlier.tags, *row.tags}) > MOST_TAGS:
            batch.refused.append(Refused(row.row, "tags", "", storable(batch.cells[row.row]), reader.tags_at))
            continue
        first = met.first(identity, row.row)
        if first != row.row:
            batch.repeats.append(Repeat(row.row, first, row.email or identity, _differences(earlier, row, reader)))
            row.is_again = earlier is None
        if (first != row.row and options.repeats == "first") or (latest and latest.find(identity) != row.row):
            row.silence(reader.number_at)
        people[identity] = row.absorb(earlier, options) if earlier else row
    batch.people = list(people.values())


def _differences(earlier: PersonRow | None, row: PersonRow, reader: PeopleReader) -> tuple[tuple[str, str, str], ...]:
    if earlier is None:
        return ()
    said = zip(reader.names, earlier.said, row.said, strict=True)
    return tuple((name, old, new) for name, old, new in said if old and new and old != new)
