"""External and inferred values end when they are too old to be believed; our own observations never do."""

from __future__ import annotations

from datetime import timedelta

from app.customers.history import expiry, history
from app.customers.profiles import people
from app.customers.profiles.provenance import EXTERNAL_DAYS, INFERRED, Telling
from tests.factories import NOON
from tests.factories.customers import a_customer, import_file

FILE = "email,first_name,city,tags\nada@example.com,Ada,Paris,trade fair\n"
LATER = NOON + timedelta(days=EXTERNAL_DAYS + 1)


def ended(database, workspace, *, now):
    """Of how many people something expired."""
    found, after = 0, 0
    while after is not None:
        with database.transaction(workspace.id) as session:
            count, after = expiry.end_next(session, workspace.id, after=after, now=now, limit=2)
            found += count
    return found


def test_what_a_list_firm_said_ends_after_its_time(database, workspace):
    import_file(database, workspace.id, FILE, source="external")
    with database.transaction(workspace.id) as session:
        ada = people.find_by_email(session, workspace.id, "ada@example.com")
        people.change(session, ada, values_by_name={"first_name": "Augusta"}, source="staff:Olga", now=NOON)
        for number in range(3):
            a_customer(session, workspace.id, f"{number}@example.com", city="Oslo")
    assert ended(database, workspace, now=LATER - timedelta(days=2)) == 0
    assert ended(database, workspace, now=LATER) == 1
    assert ended(database, workspace, now=LATER) == 0

    with database.transaction(workspace.id) as session:
        ada = people.find_by_email(session, workspace.id, "ada@example.com")
        assert (ada.first_name, ada.city, ada.tags) == ("Augusta", None, ["trade fair"])
        former = {each.name: each for each in history.read(session, workspace.id, ada.id)}
        assert (former["city"].value, former["city"].replaced_by.kind) == ("Paris", "expired")
        assert people.find_by_email(session, workspace.id, "1@example.com").city == "Oslo"


def test_what_was_inferred_ends_sooner_and_may_be_told_anew(database, workspace):
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id, "ada@example.com")
        guess = Telling("model:city", NOON, INFERRED)
        people.change(session, ada, values_by_name={"city": "Paris"}, source=guess, now=NOON)
    assert ended(database, workspace, now=NOON + timedelta(days=364)) == 0
    assert ended(database, workspace, now=NOON + timedelta(days=366)) == 1
    with database.transaction(workspace.id) as session:
        ada = people.find_by_email(session, workspace.id, "ada@example.com")
        later = Telling("model:city", NOON + timedelta(days=366), INFERRED)
        people.change(session, ada, values_by_name={"city": "Bonn"}, source=later, now=later.at)
        assert ada.city == "Bonn"
