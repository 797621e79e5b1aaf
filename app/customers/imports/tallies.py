"""Counts and rejected rows of a batch, in a preview or an import."""

from __future__ import annotations

from collections import Counter

from app.customers.addresses import emails
from app.customers.imports import evidence
from app.customers.imports.parsing import batches
from app.customers.imports.parsing.batches import Batch, Refused
from app.customers.imports.people_staging import Outcome
from app.customers.imports.refused import UNREADABLE

# A file of which so many rows, and most of those read, are no rows of a table is not the table it was taken for.
MOST_UNREADABLE = 10_000


def refused_rows(batch: Batch, outcome: Outcome) -> list[Refused]:
    """Return the rows that the database would not take; a joined one gives back all the rows it was made of."""
    covers = {each.row: each.covers for each in (*batch.people, *batch.rows) if each.covers}
    return [
        Refused(number, reason, detail or "", batches.storable(batch.cells[number]))
        for row, reason, detail in outcome.refused
        for number in (row, *covers.get(row, ()))
    ]


def counts(batch: Batch, outcome: Outcome, refused: list[Refused]) -> Counter[str]:
    """Count the rows by what comes of them, and what they say about consent, whatever permission makes of it."""
    given_back = {row.row for row in refused}
    repeated = {repeat.row for repeat in batch.repeats} - given_back
    covered = {row for each in batch.rows if each.row not in given_back for row in each.covers}
    yes = [said for person in batch.people for said in person.answers if said.is_yes]
    no = sum(not said.is_yes for person in batch.people for said in person.answers)
    proven = sum(map(evidence.has_evidence, yes))
    said = Counter(said_no=no, said_yes=proven, claimed_only=len(yes) - proven)
    further = Counter(repeated=len(repeated), joined=len(covered - repeated))
    return Counter(outcome.counts) + Counter(refused=len(refused)) + further + said


def is_no_table(seen: Counter[str]) -> bool:
    """Say whether so much of what was read cannot be read that the rest is not worth it."""
    return seen["unreadable"] >= MOST_UNREADABLE and seen["unreadable"] * 2 > seen["rows"]


def seen_in(batch: Batch) -> Counter[str]:
    """Count the rows of a batch and those that are no rows of a table."""
    unreadable = sum(row.reason in UNREADABLE for row in batch.refused)
    return Counter(rows=batch.end - batch.first, unreadable=unreadable)


def open_quote(batch: Batch) -> int | None:
    """Return the first line of the batch that opens a quotation mark which is never closed."""
    return next((int(row.detail) for row in batch.refused if row.reason == "unclosed"), None)


def evidence_rows(
    batch: Batch, outcome: Outcome, digest_key: bytes, *, is_preview: bool = False
) -> list[evidence.EvidenceRow]:
    """Return what the rows say about consent, with whose it is; who is not there yet has the row's number, negative."""
    ids, added = outcome.customer_ids, outcome.added
    refused = {row for row, *_ in outcome.refused}
    found = []
    for person in batch.people:
        row = person.row
        if person.answers and (row in ids or (is_preview and row not in refused)):
            customer_id = ids.get(row, -row)
            for said in person.answers:
                digest = person.address_digest if said.row == row else _digest(said.email, digest_key)
                is_added = row in added and digest == person.address_digest
                found.append(evidence.EvidenceRow(customer_id, *said, digest, is_added))
    return found


def _digest(email: str, digest_key: bytes) -> bytes | None:
    key = emails.find_key(email)
    return emails.digest(key, digest_key) if key else None
