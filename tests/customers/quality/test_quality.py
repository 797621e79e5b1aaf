"""Data quality is counted over the whole base, and each figure is a list of exactly the people it is about."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.consent import actions, suppression
from app.customers import jobs
from app.customers.addresses import changes
from app.customers.history import expiry
from app.customers.models import Engagement
from app.customers.profiles import fields, people
from app.customers.profiles.provenance import EXTERNAL, Telling
from app.customers.quality import counting, problems, report, rules
from app.customers.quality.asking import expected
from app.customers.quality.problems import EXPIRED, KINDS, MISSING, SILENT, STALE, UNREACHABLE, Problem
from app.customers.quality.rules import Rules
from app.kernel.refusals import NotFound
from app.segments.lists import lists
from tests.factories import NOON
from tests.factories.consent import a_yes, consented_customer
from tests.factories.customers import a_customer, import_file


def a_base(database, workspace):
    """Three people of a file, one of them without a city, and two told by the API, one of them long ago."""
    import_file(database, workspace.id, "email,city\nann@x.de,Paris\nbob@x.de,\ncy@x.de,Rome\n", source="external")
    with database.transaction(workspace.id) as session:
        fields.create(session, workspace.id, key="size", label="Shoe size", kind="number")
        a_customer(session, workspace.id, "dee@x.de", city="Oslo", size=38, now=NOON - timedelta(days=900))
        a_customer(session, workspace.id, "eve@x.de")


def counted(session, workspace_id, *, now=NOON):
    counting.recount(session, workspace_id, now=now)
    return report.read(session, workspace_id, now=now)


def concerned(session, workspace_id, problem, *, now=NOON):
    shown = report.shown_sources(session, workspace_id)
    query = problems.people_query(session, workspace_id, problem, shown=shown, now=now)
    return {people.get(session, workspace_id, each).email for each in session.scalars(query)}


def test_fields_are_counted_by_source(database, workspace):
    a_base(database, workspace)
    with database.transaction(workspace.id) as session:
        found = counted(session, workspace.id)
        again = counted(session, workspace.id)

        assert found == again
        assert (found.everyone, found.sources) == (5, {"file": 3, "api": 2})
        assert [found.fill("city", source).people for source in ("*", "file", "api")] == [3, 2, 1]
        assert (found.fill("custom.size").people, found.missing("custom.size", "api")) == (1, 1)
        assert (found.fill("city").stale, found.fill("email").stale) == (1, 1)
        assert concerned(session, workspace.id, Problem(MISSING, "city", "file")) == {"bob@x.de"}
        assert concerned(session, workspace.id, Problem(MISSING, "custom.size")) == {
            *("ann@x.de", "bob@x.de", "cy@x.de", "eve@x.de")
        }  # fmt: skip
        assert concerned(session, workspace.id, Problem(STALE, "city")) == {"dee@x.de"}


def test_the_workspace_says_what_is_old(database, workspace):
    a_base(database, workspace)
    with database.transaction(workspace.id) as session:
        rules.save(session, workspace.id, Rules(stale_months=36, silent_months=6), staff_id=None, now=NOON)

        assert counted(session, workspace.id).fill("city").stale == 0
        with pytest.raises(rules.RulesRefused):
            rules.save(session, workspace.id, Rules(stale_months=0), staff_id=None, now=NOON)


def test_expired_values_count_until_they_are_told_anew(database, workspace):
    with database.transaction(workspace.id) as session:
        ann = a_customer(session, workspace.id, "ann@x.de", now=NOON - timedelta(days=800))
        told = Telling("list:x", NOON - timedelta(days=800), EXTERNAL)
        people.change(session, ann, values_by_name={"city": "Paris"}, source=told, now=NOON)
        expiry.end_next(session, workspace.id, after=0, now=NOON)
        lost = counted(session, workspace.id)
        who = concerned(session, workspace.id, Problem(EXPIRED, "city"))
        people.change(session, ann, values_by_name={"city": "Rome"}, source="staff:1", now=NOON)

        assert (lost.fill("city").expired, who) == (1, {"ann@x.de"})
        assert counted(session, workspace.id).fill("city").expired == 0


def test_who_cannot_be_mailed_counts_for_one_reason(database, workspace):
    with database.transaction(workspace.id) as session:
        bounced, left, _ = (
            consented_customer(session, workspace.id, email=email) for email in ("b@x.de", "l@x.de", "yes@x.de")
        )
        actions.leave_all(session, workspace.id, left.id, evidence=a_yes(method="staff"), now=NOON)
        digest = bounced.address_digest
        suppression.add(session, workspace.id, address_digest=digest, reason="bounced", source="smtp", now=NOON)
        a_customer(session, workspace.id, "never@x.de")
        nowhere = a_customer(session, workspace.id, "gone@x.de", external_ref="7")
        changes.end(session, nowhere, nowhere.address_id, staff_id=None, source="test", now=NOON)
        found = counted(session, workspace.id)

        assert found.unreachable == {"no_address": 1, "bounced": 1, "refused": 1, "never_asked": 1}
        assert concerned(session, workspace.id, Problem(UNREACHABLE, "bounced")) == {"b@x.de"}
        assert concerned(session, workspace.id, Problem(UNREACHABLE, "refused")) == {"l@x.de"}
        assert concerned(session, workspace.id, Problem(UNREACHABLE, "never_asked")) == {"never@x.de"}


def test_silent_is_who_is_mailed_and_does_not_respond(database, workspace):
    with database.transaction(workspace.id) as session:
        old = NOON - timedelta(days=700)
        silent, answered = (a_customer(session, workspace.id, email, now=old) for email in ("s@x.de", "a@x.de"))
        for each in (silent, answered):
            sums = engagement_of(session, each)
            sums.sent_count, sums.latest_sent_at = 9, NOON - timedelta(days=3)
        engagement_of(session, answered).latest_human_at = NOON - timedelta(days=20)
        session.flush()

        assert counted(session, workspace.id).silent == 1
        assert concerned(session, workspace.id, Problem(SILENT)) == {"s@x.de"}


def engagement_of(session, customer):
    return session.get(Engagement, (customer.workspace_id, customer.id))


def test_every_figure_is_as_many_people_as_its_list(database, workspace):
    a_base(database, workspace)
    with database.transaction(workspace.id) as session:
        found = counted(session, workspace.id)
        cells = [
            *(Problem(kind, name, source) for kind in (MISSING, STALE) for name in problems.names(session, workspace.id)
              for source in ("*", *found.sources)),
            *(Problem(UNREACHABLE, reason) for reason in found.unreachable),
        ]  # fmt: skip

        for cell in cells:
            assert len(concerned(session, workspace.id, cell)) == expected(found, cell), cell.key


def test_small_sources_are_one(database, workspace):
    with database.transaction(workspace.id) as session:
        for number in range(3):
            a_customer(session, workspace.id, f"{number}@x.de")
        people.upsert(session, workspace.id, email="f@x.de", fields={}, source="form:news", now=NOON)
        people.upsert(session, workspace.id, email="s@x.de", fields={}, source="shop:1", now=NOON)
        counting.recount(session, workspace.id, now=NOON, most_sources=1)
        found = report.read(session, workspace.id, now=NOON)
        rest = concerned(session, workspace.id, Problem(MISSING, "city", "rest"))

    assert found.sources == {"api": 3, "rest": 2}
    assert rest == {"f@x.de", "s@x.de"}


@pytest.mark.parametrize(
    "key", ["", "missing", "missing|nothing|*", "missing|x;drop|*", "unreachable|why|*", "odd|city|*"]
)
def test_a_key_that_names_nothing_is_refused(database, workspace, key):
    with database.transaction(workspace.id) as session, pytest.raises(NotFound):
        problems.read(session, workspace.id, key)
    assert len(KINDS) == 5


def test_a_figure_becomes_a_list_and_is_taken_back(client, database, workspace):
    a_base(database, workspace)
    with database.transaction(workspace.id) as session:
        counting.recount(session, workspace.id, now=NOON)
    page = client.get("/customers/quality").text
    assert "missing|city|file" in page

    made = client.post("/customers/quality/list", data={"problem": "missing|city|file"}, follow_redirects=True).text
    assert "bob@x.de" in made
    assert "ann@x.de" not in made
    with database.transaction(workspace.id) as session:
        [kept] = lists.list_all(session, workspace.id)
        assert (kept.people, kept.list.name) == (1, "City is missing · Files without a source")
    client.post("/customers/quality/list", data={"problem": "missing|city|file"})
    undo = made.split('action="/undo/')[1].split('"')[0]
    assert client.post(f"/undo/{undo}").status_code == 303
    with database.transaction(workspace.id) as session:
        assert [each.list.name for each in lists.list_all(session, workspace.id)] == [f"{kept.list.name} (2)"]


def test_the_page_asks_for_a_count_and_says_so(client, database, workspace, services):
    a_base(database, workspace)
    assert "Nothing is counted yet" in client.get("/customers/quality").text
    assert client.post("/customers/quality/count").status_code == 303
    assert "hx-trigger" in client.get("/customers/quality").text
    jobs.count_quality_of(services, workspace_id=workspace.id)
    page = client.get("/customers/quality").text

    assert "As of" in page
    assert "every 3s" not in page
