"""Gender, birth date, work and what channel somebody prefers: kept clean, shown, told by programs, asked by rules."""

from __future__ import annotations

from calendar import isleap
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.conditions.on_fields import anniversaries
from app.conditions.on_fields.anniversaries import Anniversary
from app.conditions.on_fields.equality import Is
from app.customers.listing import exports
from app.customers.profiles import fields, identity, people
from app.customers.profiles.identity import IdentityRefused
from app.segments import sentence
from app.segments.compiler import Population, compile_rule
from tests.factories import NOON
from tests.factories.conditions import VOCABULARY
from tests.factories.customers import a_customer

ADA = {
    "kind": "business",
    "gender": "female",
    "birth_date": "1990-03-05",
    "occupation": "Engineer",
    "position": "Head of purchasing",
    "preferred_channel": "phone",
    "preferred_media": "Podcasts",
    "information_sources": "Trade fairs",
}


def test_what_is_said_is_kept_with_its_source(session, workspace):
    ada = a_customer(session, workspace.id, **ADA)
    assert {name: str(getattr(ada, name)) for name in ADA} == ADA

    people.change(session, ada, values_by_name={"gender": None, "birth_date": ""}, source="staff:Olga", now=NOON)
    assert (ada.gender, ada.birth_date) == (None, None)
    assert ada.provenance["gender"][0] == "staff:Olga"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gender", "yes"),
        ("kind", "robot"),
        ("preferred_channel", "fax"),
        ("birth_date", "soon"),
        ("birth_date", "1899-12-31"),
        ("birth_date", "2026-03-04"),
        ("birth_date", "1990-02-30"),
        ("occupation", "x" * 201),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(session, workspace, name, value):
    ada = a_customer(session, workspace.id)

    with pytest.raises(IdentityRefused) as refused:
        people.change(session, ada, values_by_name={name: value}, source="api:1", now=NOON)
    assert refused.value.field == name


@given(value=st.text(max_size=30), name=st.sampled_from(identity.IDENTITY))
def test_any_text_is_kept_or_refused(value, name):
    try:
        kept = identity.parse(name, value, now=NOON)
    except IdentityRefused:
        return
    assert kept is None or identity.parse(name, str(kept), now=NOON) == kept


def test_the_page_shows_and_changes_it(client, database, workspace):
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id, "ada@example.com")
    page = f"/customers/{ada.id}"
    wrong = client.post(f"{page}/edit", data={"email": "ada@example.com", **ADA, "birth_date": "2150-01-01"})
    assert wrong.status_code == 422
    assert "Nobody has this birth date." in wrong.text
    assert 'value="Trade fairs"' in wrong.text

    client.post(f"{page}/edit", data={"email": "ada@example.com", **ADA})
    shown = client.get(page).text
    for words in ("Business contact", "Female", "Mar 5, 1990", "Engineer", "Podcasts", "Trade fairs"):
        assert words in shown
    assert 'type="date"' in client.get(f"{page}/edit").text


def test_exports_hold_it(database, workspace):
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, **ADA)
    head, row = exports.rows(database, workspace.id)

    assert dict(zip(head, row, strict=True)).items() >= ADA.items()


def test_segments_ask_for_it(session, workspace):
    ada = a_customer(session, workspace.id, **ADA)
    leap = a_customer(session, workspace.id, birth_date="1992-02-29")
    a_customer(session, workspace.id, birth_date="1990-06-01")

    assert _found(session, workspace, Is("gender", "female")) == {ada.id}
    assert _found(session, workspace, Anniversary("birth_date", 3)) == set()
    assert _found(session, workspace, Anniversary("birth_date", 4)) == {ada.id}
    eve = datetime(2026, 2, 28, 10, tzinfo=UTC)
    assert _found(session, workspace, Anniversary("birth_date", 1), now=eve) == {leap.id}
    assert sentence.describe(Anniversary("birth_date", 1), VOCABULARY) == (
        "Customers for whom birth date has its anniversary today."
    )


def _found(session, workspace, rule, now=NOON):
    population = Population(workspace.id, fields.columns(session, workspace.id), now)
    return set(session.scalars(compile_rule(rule, population).matches))


@given(
    today=st.dates(date(2020, 1, 1), date(2032, 12, 31)),
    born=st.dates(date(1930, 1, 1), date(2019, 12, 31)),
    days=st.integers(1, 400),
)
def test_a_birthday_comes_once_a_year(today, born, days):
    def birthday(year):
        is_moved = (born.month, born.day) == (2, 29) and not isleap(year)
        return date(year, 2, 28) if is_moved else born.replace(year=year)

    comes = any(
        today <= birthday(year) < today + timedelta(days=days) for year in range(today.year, today.year + 3)
    )
    # In a leap year nobody's birthday is moved, whatever the other years in the period say.
    assert (born.month * 100 + born.day in anniversaries.places(today, days)) >= comes
