"""The ledger: numbers without gaps, a chain anyone can recompute, and nothing that is ever changed."""

import json
from datetime import UTC
from hashlib import blake2b, sha256

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.consent.ledger import fold, ledger, record
from app.consent.ledger.evidence import Evidence, Wording
from app.consent.ledger.record import Entry, Line
from app.consent.ledger.serialization import Serializer
from app.consent.purposes import Event
from app.kernel import database as kernel_database
from tests.factories import NOON

ROWS = text("SELECT * FROM consent_ledger ORDER BY seq")


def entries(count: int, **values):
    evidence = Evidence(method="web_form", address="Ada@Example.com", ip="198.51.100.77", fields={"first_name": "Ada"})
    return [Entry("given", number, "marketing", evidence, topic_id=7, **values) for number in range(1, count + 1)]


def test_numbers_have_no_gaps(session, workspace):
    first = ledger.append(session, workspace.id, entries(1)[0], now=NOON)
    rest = ledger.append_many(session, workspace.id, entries(5), now=NOON)

    assert [first, *rest] == [1, 2, 3, 4, 5, 6]


def test_a_stranger_can_recompute_the_chain(session, workspace):
    """With hashlib and json alone, from what the tables hold."""
    ledger.append_many(session, workspace.id, entries(3), now=NOON)

    previous = bytes(32)
    for row in session.execute(ROWS):
        canonical = json.dumps(json.loads(row.record), sort_keys=True, separators=(",", ":"))
        assert row.record == canonical
        assert row.hash == sha256(previous + canonical.encode()).digest()
        previous = row.hash


def test_personal_values_stay_outside_the_ledger(session, workspace):
    """The record commits to them by a digest whose key is erased with them; the address is shortened to its network."""
    seq = ledger.append(session, workspace.id, entries(1)[0], now=NOON)

    kept = session.execute(text("SELECT salt, personal FROM consent_evidence WHERE seq = :seq"), {"seq": seq}).one()
    held = json.loads(session.scalar(text("SELECT record FROM consent_ledger")))
    assert json.loads(kept.personal) == {
        "address": "Ada@Example.com",
        "fields": {"first_name": "Ada"},
        "ip": "198.51.100.0/24",
    }
    assert held["evidence_digest"] == blake2b(kept.personal.encode(), key=kept.salt, digest_size=16).hexdigest()
    assert "Ada" not in json.dumps(held)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent_ledger SET event = 'given'",
        "DELETE FROM consent_ledger",
        "TRUNCATE consent_ledger CASCADE",
        "UPDATE consent_evidence SET personal = '{}'",
        "DELETE FROM consent_evidence",
        "TRUNCATE consent_evidence",
        "UPDATE consent_texts SET text = 'other'",
        "DELETE FROM consent_texts",
    ],
)
def test_the_database_refuses_to_change_what_was_recorded(session, workspace, statement):
    """Whatever our own code should try one day."""
    ledger.append(session, workspace.id, entries(1)[0], now=NOON)

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        kernel_database.raw(session).execute(statement)


def test_even_the_tables_owner_is_stopped_by_the_trigger(workspace, database, superuser_url):
    """The privilege alone would not stop an operator's slip in a console."""
    with database.transaction(workspace.id) as other:
        ledger.append(other, workspace.id, entries(1)[0], now=NOON)

    refused = pytest.raises(psycopg.errors.InsufficientPrivilege, match="never")
    with psycopg.connect(superuser_url) as connection, refused:
        connection.execute("DELETE FROM consent_ledger WHERE workspace_id = %s", [workspace.id])


def test_a_record_holds_no_floats():
    """Two programs may spell the same float differently; then nobody could recompute the hash."""
    with pytest.raises(TypeError):
        record.canonical({"facts": [{"price": 1.5}]})


MOMENTS = st.datetimes(timezones=st.just(UTC))
DIGESTS = st.binary(min_size=16, max_size=16)
# What is a person's own among many who share an entry: who, the address's digest, when, which row.
OWN = st.tuples(st.integers(), st.none() | DIGESTS, st.none() | MOMENTS, st.none() | st.integers())
EVIDENCES = st.builds(
    Evidence,
    method=st.text(),
    at=st.none() | MOMENTS,
    page=st.none() | st.text(),
    note=st.none() | st.text(),
    form_id=st.none() | st.integers(),
    row=st.none() | st.integers(),
    wording=st.none() | st.builds(Wording, filled=st.dictionaries(st.text(), st.text())),
)
ENTRIES = st.builds(
    Entry,
    event=st.sampled_from(Event),
    evidence=EVIDENCES,
    basis_facts=st.dictionaries(st.text(), st.integers() | st.text()),
    address_digest=st.none() | DIGESTS,
    expires_at=st.none() | MOMENTS,
    standing=st.none() | st.dictionaries(st.text(), st.none() | st.integers() | st.text()),
)


@given(st.lists(ENTRIES, max_size=3), st.lists(OWN, min_size=1, max_size=4), st.none() | st.just("ab" * 16))
def test_a_batch_is_spelled_as_its_records_would_be_one_by_one(entries, own, digest):
    """Whatever stands in the texts: percent signs, quotes, braces, NUL, half characters."""
    speller = Serializer(7, NOON)
    lines = [*map(record.alone, entries), *(Line(entry, *each, "a@b.co") for entry in entries for each in own)]
    for seq, line in enumerate([*lines, *lines], start=1):
        values = record.compose(
            line, workspace_id=7, seq=seq, record_id="r", recorded_at=record.iso(NOON), evidence_digest=digest
        )
        assert speller.spell(line, seq, "r", digest) == (record.serialize(values), fold.read(values))
