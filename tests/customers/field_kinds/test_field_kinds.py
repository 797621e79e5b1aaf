"""Each kind of field reads what people write, keeps it in one form, and writes out what reads back the same."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.customers.field_kinds import references
from app.customers.field_kinds.kind import Reading, ValueRefused
from app.customers.field_kinds.known import KINDS
from app.customers.imports import steps
from app.customers.models import CustomField
from app.customers.organisations import organisations
from app.customers.profiles import fields, people
from app.customers.profiles.fields import FieldDraft, FieldRefused
from app.rendering import sample_people
from tests.factories import NOON
from tests.factories.customers import a_customer, import_file
from tests.factories.workspaces import a_workspace

FIELD = CustomField(key="own", label="Own", kind="text", choices=["Roses", "Herbs", "大树"])


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("1234.5 EUR", "1234.50 EUR"),
        ("€ 1,234.5", "1234.50 EUR"),
        ("1 234.50 €", "1234.50 EUR"),
        ("US$12", "12.00 USD"),
        ("-£5.125", "-5.125 GBP"),
        ("(20) CHF", "-20.00 CHF"),
        ("1000", "1000.00 CNY"),
        ("jpy 1000", "1000 JPY"),
        ("元 3", "3.00 CNY"),
        ("0 EUR", "0.00 EUR"),
    ],
)
def test_money_is_read_as_people_write_it(text, kept):
    assert KINDS["money"].parse(text, FIELD, Reading(currency="CNY")) == kept
    assert KINDS["money"].parse(kept, FIELD, Reading()) == kept


@pytest.mark.parametrize(
    "text", ["EUR", "12 XXZ", "12 Taler", "EUR 12 EUR", "1.2.3 EUR", "twelve EUR", "1e9 EUR", "--5"]
)
def test_what_is_no_money_is_refused(text):
    with pytest.raises(ValueRefused):
        KINDS["money"].parse(text, FIELD, Reading())


def test_money_follows_the_decimal_sign():
    assert KINDS["money"].parse("1.234,5 €", FIELD, Reading(decimal=",")) == "1234.50 EUR"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("2026-03-31T15:00:00+08:00", "2026-03-31T15:00:00+08:00"),
        ("2026-03-31 15:00", "2026-03-31T15:00:00+02:00"),
        ("31.12.2026 9:05", "2026-12-31T09:05:00+01:00"),
        ("2026-03-31T13:00:00Z", "2026-03-31T13:00:00+00:00"),
        ("2026-03-31", "2026-03-31T12:00:00+02:00"),
    ],
)
def test_a_date_and_time_keeps_the_clock_it_was_told_by(text, kept):
    reading = Reading(date_order="dmy", time_zone="Europe/Berlin")

    assert KINDS["date_time"].parse(text, FIELD, reading) == kept
    assert KINDS["date_time"].parse(kept, FIELD, Reading()) == kept


def test_several_choices_are_kept_in_their_order_once_each():
    kind = KINDS["multi_choice"]

    assert kind.parse("Herbs; Roses|Herbs", FIELD, Reading()) == ["Roses", "Herbs"]
    assert kind.accept(["大树"], FIELD) == ["大树"]
    assert kind.accept([], FIELD) is None
    with pytest.raises(ValueRefused) as refused:
        kind.parse("Roses, Tulips", FIELD, Reading())
    assert refused.value.values == {"value": "Tulips"}


@given(
    kind=st.sampled_from(["text", "number", "money", "date", "date_time", "boolean", "multi_choice"]),
    text=st.text(max_size=40) | st.from_regex(r"-?[0-9]{1,12}[.,][0-9]{1,4} ?(EUR|USD|JPY)?", fullmatch=True)
    | st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat()),
)  # fmt: skip
def test_what_is_written_reads_back_the_same_or_is_refused(kind, text):
    """A file holds what `written` says."""
    try:
        kept = KINDS[kind].accept(text, FIELD)
    except ValueRefused:
        return
    assert kept is None or KINDS[kind].accept(KINDS[kind].written(kept), FIELD) == kept


@pytest.fixture
def acme(session, workspace):
    return organisations.add(session, workspace.id, {"name": "Acme GmbH", "external_ref": "A-1"}, now=NOON)


def test_a_reference_is_found_by_name_number_or_id(session, workspace, acme):
    fields.add(session, workspace.id, "dealer", FieldDraft("Dealer", "reference", refers_to="organisation"))
    for said in ("acme gmbh", "A-1", acme.id):
        assert a_customer(session, workspace.id, dealer=said).custom == {"dealer": acme.id}
    for said in ("Nobody", "", 10**9):
        if said:
            with pytest.raises(ValueRefused) as refused:
                a_customer(session, workspace.id, dealer=said)
            assert refused.value.field == "dealer"


def test_a_name_that_two_things_have_is_none(session, workspace, acme):
    organisations.add(session, workspace.id, {"name": "ACME gmbh"}, now=NOON)

    assert references.resolve(session, workspace.id, "organisation", ["Acme GmbH", "A-1"]) == {"A-1": acme.id}


def test_another_workspaces_things_cannot_be_pointed_to(database, session, acme):
    other = a_workspace(database, name="Other", now=NOON)

    assert references.resolve(session, other.id, "organisation", ["A-1", acme.id]) == {}


def test_people_and_products_can_be_pointed_to(session, workspace):
    ada = a_customer(session, workspace.id, "ada@example.com", external_ref="7")
    fields.add(session, workspace.id, "advisor", FieldDraft("Advisor", "reference", refers_to="customer"))

    assert a_customer(session, workspace.id, advisor="ADA@example.com").custom == {"advisor": ada.id}
    assert a_customer(session, workspace.id, advisor="7").custom == {"advisor": ada.id}


def test_a_mail_names_what_a_field_refers_to(session, workspace, acme):
    fields.add(session, workspace.id, "dealer", FieldDraft("Dealer", "reference", refers_to="organisation"))
    ada = a_customer(session, workspace.id, dealer="A-1")

    assert sample_people.shown(session, workspace.id, ada.id)["customer"]["dealer"] == "Acme GmbH"


def test_a_file_fills_fields_of_every_kind(database, workspace):
    with database.transaction(workspace.id) as session:
        for key, kind in (("budget", "money"), ("visit", "date_time")):
            fields.create(session, workspace.id, key=key, label=key, kind=kind)
        likes = FieldDraft("Likes", "multi_choice", ["Roses", "Herbs"])
        fields.add(session, workspace.id, "likes", likes)
        fields.add(session, workspace.id, "dealer", FieldDraft("Dealer", "reference", refers_to="organisation"))
        acme = organisations.add(session, workspace.id, {"name": "Acme", "external_ref": "A-1"}, now=NOON).id
    head = "email,budget,visit,likes,dealer\n"
    rows = [
        '1@x.example,"1.234,50 €",31.03.2026 15:00,Herbs|Roses,acme',
        '2@x.example,"12,5",,,A-1',
        "3@x.example,12 Taler,,,",
        "4@x.example,,soon,,",
        "5@x.example,,,Tulips,",
        "6@x.example,,,,Nobody",
    ]
    for _ in range(2):
        done = import_file(database, workspace.id, head + "\n".join(rows) + "\n", date_order="dmy", decimal=",")

    assert done.counts == {"unchanged": 2, "refused": 4}
    with database.transaction(workspace.id) as session:
        first, second = (people.find_by_email(session, workspace.id, f"{n}@x.example") for n in (1, 2))
        assert first.custom["budget"] == "1234.50 EUR"
        assert first.custom["likes"] == ["Roses", "Herbs"]
        assert first.custom["visit"].startswith("2026-03-31T15:00:00+0")
        assert (first.custom["dealer"], second.custom) == (acme, {"budget": "12.50 EUR", "dealer": acme})
        assert people.find_by_email(session, workspace.id, "6@x.example") is None
        refused = [(row.reason, row.detail) for row in steps.list_refused(session, done)]
    assert refused == [
        *(("money", "12 Taler"), ("date_time", "soon"), ("multi_choice", "Tulips"), ("reference", "Nobody")),
    ]


def test_a_reference_needs_something_to_refer_to(session, workspace):
    for refers_to in (None, "planet"):
        with pytest.raises(FieldRefused):
            fields.add(session, workspace.id, "dealer", FieldDraft("Dealer", "reference", refers_to=refers_to))
    with pytest.raises(FieldRefused):
        fields.create(session, workspace.id, key="likes", label="L", kind="multi_choice", choices=["a, b", "c"])


def test_a_field_is_renamed_and_offers_other_choices_without_harm(session, workspace):
    field = fields.create(session, workspace.id, key="likes", label="Likes", kind="multi_choice", choices=["a", "b"])
    ada = a_customer(session, workspace.id, likes=["a", "b"])
    fields.change(session, workspace.id, field.id, label="Hobbies", choices=["b", "c"])

    assert (field.label, field.choices, ada.custom) == ("Hobbies", ["b", "c"], {"likes": ["a", "b"]})


def test_the_smallest_amount_of_a_currency_is_written():
    assert Decimal(KINDS["money"].parse("5 JPY", FIELD, Reading()).split()[0]) == 5
