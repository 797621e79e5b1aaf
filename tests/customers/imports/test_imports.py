"""A file becomes customers: every good row, no bad one, once."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text

from app.customers import jobs
from app.customers.imports import running, steps
from app.customers.imports.kinds import ImportKinds
from app.customers.imports.people import People
from app.customers.imports.people_staging import PeopleStage
from app.customers.imports.previewing import checking
from app.customers.models import Customer, Engagement
from app.customers.profiles import engagement, people, provenance
from app.kernel.clock import FixedClock
from tests.factories import NOON
from tests.factories.application.extending import carrying, extended
from tests.factories.customers import an_uploaded_file, import_file, outcome_of
from tests.factories.workspaces import a_workspace

HEADER = "email,first_name,city,tags\n"


def everyone(database, workspace_id):
    with database.transaction(workspace_id) as session:
        return {c.email_key: c for c in session.scalars(select(Customer))}


def test_new_people_come_with_their_row_of_sums(database, workspace):
    done = import_file(database, workspace.id, HEADER + "ada@example.com,Ada,London,vip;new\nbob@example.com,Bob,,\n")

    assert (done.state, done.counts) == ("done", {"created": 2})
    found = everyone(database, workspace.id)
    assert (found["ada@example.com"].city, found["ada@example.com"].tags) == ("London", ["new", "vip"])
    with database.transaction(workspace.id) as session:
        assert session.scalar(select(func.count()).select_from(Engagement)) == 2


def test_an_empty_cell_clears_nothing_unless_chosen(database, workspace):
    import_file(database, workspace.id, HEADER + "ada@example.com,Ada,London,vip\n")
    import_file(database, workspace.id, HEADER + "ada@example.com,,Paris,\n")
    kept = everyone(database, workspace.id)["ada@example.com"]
    assert (kept.first_name, kept.city, kept.tags) == ("Ada", "Paris", ["vip"])

    import_file(database, workspace.id, HEADER + "ada@example.com,,Paris,\n", clears_empty=True)
    cleared = everyone(database, workspace.id)["ada@example.com"]
    assert (cleared.first_name, cleared.city, cleared.tags) == (None, "Paris", [])


def test_the_same_file_again_writes_nothing(database, workspace):
    content = HEADER + "ada@example.com,Ada,London,vip\nbob@example.com,Bob,Bonn,\n"
    import_file(database, workspace.id, content)
    with database.transaction(workspace.id) as session:
        before = _xmins(session)
    again = import_file(database, workspace.id, content)

    assert again.counts == {"unchanged": 2}
    with database.transaction(workspace.id) as session:
        assert _xmins(session) == before


def _xmins(session):
    """Which transaction wrote each row last."""
    return session.execute(text("SELECT id, xmin::text FROM customers ORDER BY id")).all()


def test_each_value_remembers_the_row_it_came_from(database, workspace):
    first = import_file(database, workspace.id, HEADER + "ada@example.com,Ada,London,\n")
    second = import_file(database, workspace.id, HEADER + "bob@example.com,Bob,,\nada@example.com,Ada,Paris,\n")

    ada = everyone(database, workspace.id)["ada@example.com"]
    at = int(NOON.timestamp())
    assert ada.provenance == {"*": [first.id, at, 0, 2], "city": [second.id, at, 0, 3]}
    with database.transaction(workspace.id) as session:
        origins = provenance.explain(session, workspace.id, ada.provenance, ["first_name", "city"])
    assert (origins["city"].name, origins["city"].row, origins["city"].is_own) == ("people.csv", 3, True)


def test_rows_of_one_person_are_joined_in_the_order_of_the_file(database, workspace):
    done = import_file(
        database,
        workspace.id,
        HEADER + "ada@example.com,Ada,London,a\nADA@example.com,,Paris,b\nada@EXAMPLE.com,Augusta,,\n",
    )

    assert done.counts == {"created": 1, "repeated": 2}
    ada = everyone(database, workspace.id)["ada@example.com"]
    assert (ada.email, ada.first_name, ada.city, ada.tags) == ("ada@example.com", "Augusta", "Paris", ["a", "b"])


def test_a_rehearsal_tells_what_would_happen_and_writes_nothing(database, workspace):
    import_file(database, workspace.id, HEADER + "ada@example.com,Ada,London,\n")
    content = HEADER + "ada@example.com,Ada,Paris,\nbob@example.com,Bob,,\nnobody,No,,\n"
    import_id = an_uploaded_file(database, workspace.id, content)
    with database.transaction(workspace.id) as session:
        found = steps.get(session, workspace.id, import_id)
        found.state = "mapped"
        steps.check(session, found)
    checking.check(database, FixedClock(NOON), workspace.id, import_id)

    checked = outcome_of(database, workspace.id, import_id)
    assert checked.state == "checked"
    assert checked.rehearsal["counts"] == {"updated": 1, "created": 1, "refused": 1}
    assert checked.rehearsal["errors"] == [{"row": 4, "reason": "address", "detail": "nobody", "place": 0}]
    found = everyone(database, workspace.id)
    assert list(found) == ["ada@example.com"]
    assert found["ada@example.com"].city == "London"


class _Killed(Exception):
    """What a test raises where a process would have died."""


class DyingStage(PeopleStage):
    """Takes over so many batches, and dies when the next is written and not committed."""

    dies_at = 0

    def take_over(self, *given, **named):
        outcome = super().take_over(*given, **named)
        self.dies_at -= 1
        if self.dies_at < 0:
            raise _Killed
        return outcome


class DyingPeople(People):
    """People as a kind of import, whose run dies."""

    def __init__(self, dies_at):
        self.dies_at = dies_at

    def stage(self, found, options):
        stage = DyingStage(found, options)
        stage.dies_at = self.dies_at
        return stage


@pytest.mark.parametrize("dies_at", [0, 1, 2, 3])
def test_a_killed_import_goes_on_where_it_stopped(database, workspace, dies_at):
    content = HEADER + "".join(f"p{n}@example.com,P{n},,\n" for n in range(35)) + "bad,,,\n"
    import_id = an_uploaded_file(database, workspace.id, content)
    dying = carrying(database, ImportKinds((DyingPeople(dies_at),)))
    with pytest.raises(_Killed):
        running.run(dying, FixedClock(NOON), workspace.id, import_id, rows=10)
    running.run(database, FixedClock(NOON), workspace.id, import_id, rows=10)
    running.run(database, FixedClock(NOON), workspace.id, import_id, rows=10)

    done = outcome_of(database, workspace.id, import_id)
    assert (done.state, done.counts, done.rows_done) == ("done", {"created": 35, "refused": 1}, 37)
    assert len(everyone(database, workspace.id)) == 35


def test_people_may_be_found_by_their_number_and_change_their_address(database, workspace):
    import_file(database, workspace.id, "customer number,email\nC1,old@example.com\n", match_by="external_ref")
    done = import_file(
        database,
        workspace.id,
        "customer number,email\nC1,new@example.com\nC2,new@example.com\nC3,\n",
        match_by="external_ref",
    )

    assert done.counts == {"updated": 1, "refused": 1, "created": 1}
    with database.transaction(workspace.id) as session:
        assert people.find_by_ref(session, workspace.id, "C1").email_key == "new@example.com"
        assert people.find_by_ref(session, workspace.id, "C3").email is None


def test_a_number_of_another_customer_is_refused(database, workspace):
    import_file(database, workspace.id, "email,customer number\nada@example.com,C1\n")
    done = import_file(database, workspace.id, "email,customer number\nbob@example.com,C1\neve@example.com,C2\n")

    assert done.counts == {"refused": 1, "created": 1}


def test_workspaces_do_not_meet_in_a_file(database, workspace):
    other = a_workspace(database, name="Other", now=NOON).id
    import_file(database, other, HEADER + "ada@example.com,Ada,London,\n")
    done = import_file(database, workspace.id, HEADER + "ada@example.com,Augusta,Paris,\n")

    assert done.counts == {"created": 1}
    assert everyone(database, other)["ada@example.com"].first_name == "Ada"


def test_sums_exist_for_everyone_upserted(session, workspace):
    ada = people.upsert(
        session, workspace.id, email="Ada@example.com", fields={"city": "London"}, source="form:news", now=NOON
    )

    assert engagement.get(session, workspace.id, ada.id).orders == 0


def test_an_import_that_stands_still_says_so_and_can_go_on(client, services, database, workspace):
    import_id = an_uploaded_file(database, workspace.id, HEADER + "ada@example.com,Ada,,\n")
    with pytest.raises(_Killed):
        broken = extended(services, ImportKinds((DyingPeople(0),)))
        jobs.run_import(broken, workspace_id=workspace.id, import_id=import_id)
    url = f"/customers/imports/{import_id}"
    assert "stands still" in client.get(url).text

    assert client.post(f"{url}/start").status_code == 303
    jobs.run_import(services, workspace_id=workspace.id, import_id=import_id)
    assert outcome_of(database, workspace.id, import_id).counts == {"created": 1}
    assert "stands still" not in client.get(url).text
