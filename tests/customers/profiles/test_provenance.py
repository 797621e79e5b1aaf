"""Of what is told about a value, the best observed holds, whatever the order it arrives in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, text

from app.customers.history import history
from app.customers.profiles import fields, marks, people, provenance
from app.customers.profiles.provenance import EXTERNAL, IMPLIED, INFERRED, Telling
from tests.factories import NOON
from tests.factories.customers import a_customer, import_file

QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
CITIES = ("Berlin", "Bonn", "大连", None)
natures = st.sampled_from((0, 0, EXTERNAL, INFERRED, EXTERNAL | INFERRED, IMPLIED, EXTERNAL | IMPLIED))
# Within the time that all of them are still believed, each told at a time of its own.
tellings = st.lists(
    st.tuples(st.integers(0, 300), natures, st.sampled_from(CITIES)), min_size=1, max_size=6, unique_by=lambda it: it[0]
)


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(told=tellings, data=st.data())
def test_the_newest_own_observed_value_wins_whatever_the_order_of_arrival(session, workspace, told, data):
    """Also where several say the same, and where an own source says that there is nothing."""
    ada = a_customer(session, workspace.id, now=NOON - timedelta(days=400))
    for days, nature, city in data.draw(st.permutations(told)):
        said = Telling("api:1", NOON - timedelta(days=days), nature, is_dated=True)
        people.change(session, ada, values_by_name={"city": city}, source=said, now=NOON)

    own = [each for each in told if not each[1] & (EXTERNAL | INFERRED)]
    best = min(own or told, key=lambda it: (it[1] & (EXTERNAL | INFERRED), it[0]))
    assert ada.city == best[2]


@settings(max_examples=150, deadline=None, suppress_health_check=QUIET)
@given(
    new=st.tuples(st.integers(0, 1200), natures),
    current=st.none() | st.tuples(st.integers(0, 1200), natures),
    is_short=st.booleans(),
)
def test_files_and_everybody_else_go_by_the_same_rule(session, new, current, is_short):
    """The SQL that imports compare by says what `beats` says."""
    told = Telling(7, NOON - timedelta(days=new[0]), new[1])
    mark = Telling("api:1", NOON - timedelta(days=current[0]), current[1]).mark() if current else None
    if mark and not is_short and len(mark) == 2:
        mark = [*mark, 0]
    binds = {"observed": int(told.at.timestamp()), "nature": told.nature, **marks.believed_since(NOON)}
    asked = text(f"SELECT {marks.holds('CAST(:mark AS jsonb)')}").bindparams(bindparam("mark", None))
    holds = session.scalar(asked, {**binds, "mark": None if mark is None else str(mark).replace("'", '"')})

    assert holds is not provenance.beats(told.mark(), mark, now=NOON)


HEAD = "email,first_name,city\n"


def test_an_external_file_fills_in_and_overwrites_nothing_of_ours(database, workspace):
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, "ada@example.com", city="London", now=NOON - timedelta(days=200))
    done = import_file(database, workspace.id, HEAD + "ada@example.com,Augusta,Paris\n", source="external")

    assert done.counts == {"updated": 1}
    with database.transaction(workspace.id) as session:
        ada = people.find_by_email(session, workspace.id, "ada@example.com")
        assert (ada.first_name, ada.city) == ("Augusta", "London")
        assert ada.provenance["first_name"] == [done.id, int(NOON.timestamp()), EXTERNAL, 2]
        origins = provenance.explain(session, workspace.id, ada.provenance, ["first_name", "city"])
        assert (origins["first_name"].is_own, origins["city"].is_own) == (False, True)
        assert origins["first_name"].certainty < origins["city"].certainty


def test_a_file_with_every_field_a_workspace_may_have_is_taken_over(database, workspace):
    """The work grows with the number of fields; no part of a statement grows faster."""
    keys = [f"field_{number}" for number in range(fields.MOST_FIELDS)]
    with database.transaction(workspace.id) as session:
        for key in keys:
            fields.create(session, workspace.id, key=key, label=key, kind="text")
    mapped = {"0": "email"} | {str(place): f"custom.{key}" for place, key in enumerate(keys, start=1)}

    def rows(said):
        return ",".join(["email", *keys]) + "\n" + ",".join(["ada@example.com", *[said] * len(keys)]) + "\n"

    import_file(database, workspace.id, rows("ours"), mapped=mapped)
    done = import_file(database, workspace.id, rows("ours too"), mapped=mapped)
    assert done.counts == {"updated": 1}
    import_file(database, workspace.id, rows("theirs"), mapped=mapped, source="external")
    with database.transaction(workspace.id) as session:
        ada = people.find_by_email(session, workspace.id, "ada@example.com")
        assert ada.custom == dict.fromkeys(keys, "ours too")


@pytest.mark.parametrize("clears", [False, True])
def test_an_external_file_that_says_nothing_new_changes_nothing(database, workspace, clears):
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, "ada@example.com", first_name="Ada", city="London", tags=["vip"])
    rows = "email,first_name,city,tags\nada@example.com,,Paris,\n"
    done = import_file(database, workspace.id, rows, source="external", clears_empty=clears)

    assert done.counts == {"unchanged": 1}
    with database.transaction(workspace.id) as session:
        ada = people.find_by_email(session, workspace.id, "ada@example.com")
        assert (ada.first_name, ada.city, ada.tags) == ("Ada", "London", ["vip"])


def test_our_own_file_replaces_what_others_said(database, workspace):
    import_file(database, workspace.id, HEAD + "ada@example.com,Ada,Paris\n", source="external")
    older = NOON - timedelta(days=30)
    done = import_file(database, workspace.id, HEAD + "ada@example.com,,London\n", now=older)

    assert done.counts == {"updated": 1}
    with database.transaction(workspace.id) as session:
        ada = people.find_by_email(session, workspace.id, "ada@example.com")
        assert (ada.first_name, ada.city) == ("Ada", "London")
        former = history.read(session, workspace.id, ada.id)
    assert [(each.name, each.value, each.origin.is_own, each.replaced_by.is_own) for each in former] == [
        ("city", "Paris", False, True)
    ]


def test_an_older_file_leaves_what_staff_wrote_since(database, workspace):
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id, "ada@example.com", now=NOON - timedelta(days=90))
        people.change(session, ada, values_by_name={"city": "Rome"}, source="staff:Olga", now=NOON)
    done = import_file(database, workspace.id, HEAD + "ada@example.com,Ada,Paris\n", now=NOON - timedelta(days=7))

    assert done.counts == {"updated": 1}
    with database.transaction(workspace.id) as session:
        ada = people.find_by_email(session, workspace.id, "ada@example.com")
        assert (ada.first_name, ada.city) == ("Ada", "Rome")


def test_what_our_people_cleared_no_list_firm_fills_in(database, workspace):
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id, "ada@example.com", city="London", now=NOON - timedelta(days=90))
        people.change(session, ada, values_by_name={"city": None}, source="staff:Olga", now=NOON)
    import_file(database, workspace.id, HEAD + "ada@example.com,,Paris\n", source="external")

    with database.transaction(workspace.id) as session:
        assert people.find_by_email(session, workspace.id, "ada@example.com").city is None


def test_a_file_matched_by_number_leaves_a_better_email(database, workspace):
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, "ada@example.com", external_ref="7")
    rows = "external_ref,email,city\n7,old@example.com,Paris\n"
    done = import_file(database, workspace.id, rows, source="external", match_by="external_ref")

    assert done.counts == {"updated": 1}
    with database.transaction(workspace.id) as session:
        ada = people.find_by_ref(session, workspace.id, "7")
        assert (ada.email, ada.city) == ("ada@example.com", "Paris")


def test_what_is_replaced_is_kept_with_who_had_said_it(session, workspace):
    ada = a_customer(session, workspace.id, city="London", birth_date="1990-01-31", now=NOON - timedelta(days=9))
    values = {"city": "Rome", "birth_date": "1990-02-01"}
    people.change(session, ada, values_by_name=values, source="staff:Olga", now=NOON)
    former = {each.name: each for each in history.read(session, workspace.id, ada.id)}

    assert (former["city"].value, former["birth_date"].value) == ("London", "1990-01-31")
    assert (former["city"].origin.kind, former["city"].replaced_by.name, former["city"].until) == ("api", "Olga", NOON)


def test_the_same_again_on_the_same_day_writes_nothing(session, workspace, statements):
    ada = a_customer(session, workspace.id, city="London")
    with statements() as seen:
        people.change(
            session, ada, values_by_name={"city": "London"}, source="api:1", now=NOON + timedelta(hours=1)
        )

    assert not [each for each in seen if each.startswith(("UPDATE", "INSERT"))]


def test_values_are_counted_by_how_they_are_known():
    def origin(nature):
        return provenance.Origin("api", "1", None, datetime(2026, 1, 1, tzinfo=UTC), nature, 90)

    counts = provenance.matrix([origin(0), origin(EXTERNAL), origin(IMPLIED), origin(INFERRED | IMPLIED), None])

    assert counts == {(True, True): 2, (True, False): 1, (False, True): 0, (False, False): 1}
