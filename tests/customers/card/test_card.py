"""The customer card: chosen fields, what to do, what is due and what they have, on a page and by the API."""

from __future__ import annotations

from datetime import date

import pytest

from app.customers.card import card
from app.customers.card.card import CardRefused
from app.customers.card.sections import Section
from app.customers.profiles import fields
from app.followup import tasks
from app.followup.sources import Source
from app.followup.tasks import NewTask
from tests.factories import NOON
from tests.factories.customers import a_customer, a_member, a_purchase, an_organisation


@pytest.fixture
def ada(session, workspace):
    """Ada, who has bought tea, works at Acme, has her birthday in three days and waits for a call."""
    fields.create(session, workspace.id, key="size", label="Shoe size", kind="number")
    found = a_customer(
        *(session, workspace.id, "ada@example.com"),
        first_name="Ada",
        birth_date="1990-03-05",
        size="38",
        preferred_channel="phone",
    )
    a_purchase(session, found, product="Tea")
    a_member(session, found, an_organisation(session, workspace.id, "Acme"), position="Head")
    tasks.open_for(session, workspace.id, [found.id], NewTask("Call about 100%(x)s", Source("staff")), now=NOON)
    return found


def test_a_card_says_what_to_do_first(session, ada):
    made = card.read(session, ada, now=NOON)

    assert [line.text for line in made.sections[Section.NEXT]] == ["Call about 100%(x)s"]
    assert [line.text for line in made.sections[Section.TASKS]] == ["Call about 100%(x)s"]
    assert [(line.text, line.due_on) for line in made.sections[Section.DUE]] == [
        ("Birthday: turns 36", date(2026, 3, 5))
    ]
    assert [line.values["what"] for line in made.sections[Section.HAS]] == ["Tea"]
    assert {field.name: field.value for field in made.fields}["preferred_channel"] == "phone"


def test_a_workspace_chooses_the_fields(session, workspace, ada):
    card.choose(session, workspace.id, ["custom.size", "gender", "custom.size"])
    made = card.read(session, ada, now=NOON)

    assert [(field.name, field.label, field.value) for field in made.fields] == [
        ("custom.size", "Shoe size", 38),
        ("gender", "Gender", None),
    ]
    fields.remove(session, workspace.id, fields.list_custom(session, workspace.id)[0].id)
    assert [field.name for field in card.read(session, ada, now=NOON).fields] == ["gender"]


@pytest.mark.parametrize("names", [[], ["nothing"], ["email_key"], [f"custom.f{number}" for number in range(17)]])
def test_what_is_no_field_is_refused(session, workspace, names):
    with pytest.raises(CardRefused):
        card.choose(session, workspace.id, names)


@pytest.mark.parametrize(
    ("born", "today", "comes"),
    [
        (date(1992, 2, 29), date(2026, 2, 1), date(2026, 2, 28)),
        (date(1992, 2, 29), date(2028, 2, 29), date(2028, 2, 29)),
        (date(1990, 1, 5), date(2026, 12, 20), date(2027, 1, 5)),
        (date(1990, 3, 2), date(2026, 3, 2), date(2026, 3, 2)),
    ],
)
def test_the_next_birthday(born, today, comes):
    assert card._next(born, today) == comes


def test_pages_show_and_choose(client, database, workspace):
    with database.transaction(workspace.id) as session:
        found = a_customer(session, workspace.id, "ada@example.com", first_name="Ada", kind="business", city="Paris")
    shown = client.get(f"/customers/{found.id}/card").text
    for words in ("Who this is", "Business contact", "Paris", "Nothing at present."):
        assert words in shown

    assert client.get("/customers/card").status_code == 200
    assert client.post("/customers/card", data={"fields": ["city"]}).status_code == 303
    assert "Business contact" not in client.get(f"/customers/{found.id}/card").text
    assert client.post("/customers/card", data={"fields": ["nothing"]}).status_code == 422
    assert client.post("/customers/card", data={}).status_code == 422


def test_the_customers_page_begins_with_what_to_do(client, database, workspace):
    with database.transaction(workspace.id) as session:
        found = a_customer(session, workspace.id, "ada@example.com", birth_date="1990-03-05")
        tasks.open_for(session, workspace.id, [found.id], NewTask("Call back", Source("staff")), now=NOON)
    shown = client.get(f"/customers/{found.id}").text
    head = shown.split("Spent")[0].split('id="main"')[1]

    assert head.count("Call back") == 1
    assert "Birthday: turns 36" in head
    assert shown.index('id="timeline"') < shown.index("Consent status")


def test_long_profiles_are_folded(client, database, workspace):
    with database.transaction(workspace.id) as session:
        said = dict.fromkeys(("first_name", "last_name", "city", "occupation", "position", "preferred_media"), "Known")
        codes = {"country": "DE", "language": "de", "time_zone": "Europe/Berlin", "gender": "other"}
        found = a_customer(session, workspace.id, "ada@example.com", **said, **codes)

    assert "All fields" in client.get(f"/customers/{found.id}").text
