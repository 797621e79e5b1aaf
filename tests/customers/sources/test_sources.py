"""The catalogue says what each source is like and cost, files name theirs, and what became of its people is counted."""

from __future__ import annotations

import io
from datetime import date, timedelta
from decimal import Decimal

import pytest

from app.customers.history import expiry
from app.customers.imports import running, steps
from app.customers.profiles import people, provenance
from app.customers.profiles.provenance import EXTERNAL, IMPLIED
from app.customers.sources import catalogue, outcomes
from app.customers.sources.catalogue import SourceDraft, SourceRefused
from app.kernel.clock import FixedClock
from tests.factories import NOON
from tests.factories.customers import a_customer, a_purchase, an_uploaded_file

LIST = SourceDraft("List firm", "list_firm", is_external=True, is_implied=True, certainty=40)
FILE = "email,city\nada@example.com,Paris\nbob@example.com,Oslo\n"


def imported(database, workspace, draft=LIST, *, now=NOON):
    """A file of this source, taken over; the source and the import."""
    with database.transaction(workspace.id) as session:
        source = catalogue.add(session, workspace.id, draft, staff_id=None, now=now)
    import_id = an_uploaded_file(database, workspace.id, FILE, now=now)
    with database.transaction(workspace.id) as session:
        catalogue.name_on(session, steps.get(session, workspace.id, import_id), source.id, now=now)
    running.run(database, FixedClock(now), workspace.id, import_id)
    return source.id, import_id


def test_values_are_of_the_nature_of_their_source(database, workspace):
    imported(database, workspace)
    with database.transaction(workspace.id) as session:
        ada = people.find_by_email(session, workspace.id, "ada@example.com")
        origin = provenance.explain(session, workspace.id, ada.provenance, ["city"])["city"]
    assert (origin.nature, origin.certainty) == (EXTERNAL | IMPLIED, 40)
    assert (origin.is_own, origin.is_observed, origin.is_measured) == (False, True, False)


def test_what_became_of_the_people_of_a_source_is_counted(database, workspace):
    source_id, _ = imported(database, workspace)
    with database.transaction(workspace.id) as session:
        ada = people.find_by_email(session, workspace.id, "ada@example.com")
        a_purchase(session, ada)
        a_customer(session, workspace.id, "eve@example.com")
        outcomes.recount(session, workspace.id, now=NOON)
        found = outcomes.read(session, workspace.id)[source_id]
    assert (found.people, found.bought, found.mailable, found.complained) == (2, 1, 0, 0)


def test_an_ended_licence_ends_its_values(database, workspace):
    draft = SourceDraft("Directory", "directory", licence_ends_on=date(2026, 6, 30))
    source_id, _ = imported(database, workspace, draft)

    def ended(now):
        with database.transaction(workspace.id) as session:
            return expiry.end_next(session, workspace.id, after=0, now=now)[0]

    assert ended(NOON + timedelta(days=30)) == 0
    assert ended(NOON + timedelta(days=150)) == 2
    with database.transaction(workspace.id) as session:
        assert people.find_by_email(session, workspace.id, "ada@example.com").city is None
    import_id = an_uploaded_file(database, workspace.id, FILE)
    with database.transaction(workspace.id) as session, pytest.raises(SourceRefused):
        catalogue.name_on(
            session, steps.get(session, workspace.id, import_id), source_id, now=NOON + timedelta(days=150)
        )


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (SourceDraft("", "event"), "name"),
        (SourceDraft("x" * 101, "event"), "name"),
        (SourceDraft("Fair", "planet"), "kind"),
        (SourceDraft("Fair", "event", certainty=0), "certainty"),
        (SourceDraft("Fair", "event", cost=Decimal(-1), currency="EUR"), "cost"),
        (SourceDraft("Fair", "event", cost=Decimal(1), currency="XXZ"), "cost"),
        (SourceDraft("list FIRM", "event"), "name"),
    ],
)
def test_what_cannot_be_is_refused_at_its_place(session, workspace, draft, field):
    catalogue.add(session, workspace.id, LIST, staff_id=None, now=NOON)
    with pytest.raises(SourceRefused) as refused:
        catalogue.add(session, workspace.id, draft, staff_id=None, now=NOON)

    assert refused.value.field == field


def test_staff_keep_the_catalogue_and_a_file_names_its_source(client, database, workspace):
    said = {"name": "Garden fair", "kind": "event", "cost": "1200", "licence_ends_on": "2027-01-31", "certainty": "80"}
    assert client.post("/customers/sources/new", data={**said, "cost": "a lot"}).status_code == 422
    assert client.post("/customers/sources/new", data=said).status_code == 303
    page = client.get("/customers/sources").text
    assert "Garden fair" in page
    assert "Event or trade fair" in page
    with database.transaction(workspace.id) as session:
        (source,) = catalogue.list_all(session, workspace.id)
    assert (source.cost, source.currency) == (Decimal("1200.00"), "EUR")
    data = {"file": (io.BytesIO(FILE.encode()), "people.csv"), "kind": "people", "source": "own", "source_note": ""}
    stored = client.post(
        "/customers/imports/new", data={**data, "source_id": str(source.id)}, content_type="multipart/form-data"
    )
    assert stored.status_code == 303
    with database.transaction(workspace.id) as session:
        found = steps.get(session, workspace.id, int(stored.location.rpartition("/")[2]))
    assert (found.source_id, found.certainty, found.nature) == (source.id, 80, 0)
    assert client.post(f"/customers/sources/{source.id}/retire").status_code == 303
    assert "Garden fair" not in client.get("/customers/imports/new").text
    assert client.post(f"/customers/sources/{source.id}/bring-back").status_code == 303
    assert client.post(f"/customers/sources/{source.id}", data={**said, "name": "Fair"}).status_code == 303
