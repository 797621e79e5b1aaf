"""The pages of organisations: added, found, changed, deleted and taken back; people put there from either side."""

from __future__ import annotations

import re

import pytest

from app.customers.organisations import member_queries
from tests.factories import NOON
from tests.factories.accounts import a_member as a_colleague
from tests.factories.customers import a_customer, a_member, a_purchase, an_organisation
from tests.factories.workspaces import PASSWORD

FORM = {"name": "Acme", "industry": "Retail", "employees": "1200", "domains": "acme.example, acme.test"}


@pytest.fixture
def ada(database, workspace):
    """Ada, who has bought something."""
    with database.transaction(workspace.id) as session:
        found = a_customer(session, workspace.id, email="ada@example.com", first_name="Ada", external_ref="C-1")
        a_purchase(session, found, amount="20.00")
        return found


def test_an_organisation_is_added_found_and_changed(client):
    page = client.post("/customers/organisations/new", data=FORM).location
    shown = client.get(page).text
    assert "1,200" in shown
    assert "acme.example, acme.test" in shown
    assert "Acme" in client.get("/customers/organisations?q=ac").text
    assert "Acme" in client.get("/customers/organisations?q=acme.test").text
    assert "Nothing found" in client.get("/customers/organisations?q=spade").text

    below = client.post("/customers/organisations/new", data={"name": "Acme Berlin", "parent": "acme"}).location
    assert "Acme Berlin" in client.get(page).text
    assert client.get(f"{below}/edit").status_code == 200
    client.post(f"{below}/edit", data={"name": "Acme Hamburg", "parent": "Acme"})
    assert "Acme Hamburg" in client.get(page).text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "Please fill this in."),
        ({"employees": "-1"}, "form-error"),
        ({"employees": "²"}, "form-error"),
        ({"website": "javascript:alert(1)"}, "begins with https"),
        ({"domains": "not a domain"}, "at most 20 domains"),
        ({"parent": "Nobody"}, "There is no organisation of this name or number."),
        ({"external_ref": "T-1"}, "Another organisation has this number."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(client, wrong, said):
    client.post("/customers/organisations/new", data={"name": "Taken", "external_ref": "T-1"})
    answer = client.post("/customers/organisations/new", data={**FORM, **wrong})

    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="Retail"' in answer.text


def test_a_cycle_is_refused_in_words(client):
    group = client.post("/customers/organisations/new", data={"name": "Group"}).location
    client.post("/customers/organisations/new", data={"name": "Firm", "parent": "Group"})
    answer = client.post(f"{group}/edit", data={"name": "Group", "parent": "Firm"})

    assert answer.status_code == 422
    assert "it would be above itself" in answer.text


def test_what_somebody_else_changed_meanwhile_stays(client, database, workspace):
    """The author left the industry alone; the form they sent still says the old one."""
    with database.transaction(workspace.id) as session:
        acme = an_organisation(session, workspace.id, "Acme", industry="Retail").id
    page = f"/customers/organisations/{acme}"
    first = client.get(f"{page}/edit").text
    seen = first.split('name="seen"')[1].split('value="')[1].split('"')[0].replace("&#34;", '"')
    client.post(f"{page}/edit", data={"name": "Acme", "industry": "Wholesale"})
    client.post(f"{page}/edit", data={"name": "Acme Ltd", "industry": "Retail", "seen": seen})

    shown = client.get(page).text
    assert "Acme Ltd" in shown
    assert "Wholesale" in shown


def test_somebody_is_put_there_from_their_own_page(client, ada):
    form = {"organisation": "Acme", "position": "Head of purchasing", "buying_roles": ["decider", "buyer"]}
    assert client.get(f"/customers/{ada.id}/organisations/new").status_code == 200
    answer = client.post(f"/customers/{ada.id}/organisations/new", data=form)
    shown = client.get(f"/customers/{ada.id}").text

    assert answer.status_code == 303
    assert "Acme" in shown
    assert "Head of purchasing" in shown
    assert "Decider" in shown
    listed = client.get("/customers/organisations").text
    assert "€20.00" in listed


def _undo_on(page):
    return re.search(r'action="([^"]*/undo/[^"]*)"', page).group(1)


def test_somebody_is_put_there_from_the_organisation_changed_and_taken_out(client, ada, database, workspace):
    with database.transaction(workspace.id) as session:
        acme = an_organisation(session, workspace.id, "Acme").id
    page = f"/customers/organisations/{acme}"
    assert "Nobody yet" in client.get(page).text
    unknown = client.post(f"{page}/people/new", data={"person": "nobody@example.com"})
    assert unknown.status_code == 422
    assert "There is nobody with this email or customer number." in unknown.text

    client.post(f"{page}/people/new", data={"person": "C-1", "buying_roles": ["gatekeeper"]})
    assert "Gatekeeper" in client.get(page).text
    assert client.get(f"{page}/people/{ada.id}").status_code == 200
    client.post(f"{page}/people/{ada.id}", data={"position": "Clerk", "until": "2026-01-31"})
    assert "until Jan 31, 2026" in client.get(page).text

    client.post(f"{page}/people/{ada.id}/remove")
    shown = client.get(page).text
    assert "Clerk" not in shown
    client.post(_undo_on(shown))
    assert "Clerk" in client.get(page).text


def test_deleting_offers_undo(client, ada, database, workspace):
    with database.transaction(workspace.id) as session:
        acme = an_organisation(session, workspace.id, "Acme")
        a_member(session, ada, acme)
    client.post(f"/customers/organisations/{acme.id}/delete")
    listed = client.get("/customers/organisations").text
    assert "Organisation deleted." in listed
    client.post(_undo_on(listed))

    with database.transaction(workspace.id) as session:
        assert [
            place.organisation.name for place in member_queries.list_of_customer(session, workspace.id, ada.id)
        ] == ["Acme"]
    log = client.get("/settings/audit").text
    assert "deleted an organisation" in log
    assert "restored an organisation" in log


def test_a_viewer_reads_and_changes_nothing(anonymous, database, workspace):
    with database.transaction(workspace.id) as session:
        email = a_colleague(session, workspace.id, role="viewer", now=NOON).email
        acme = an_organisation(session, workspace.id, "Acme").id
    anonymous.post("/login", data={"email": email, "password": PASSWORD})

    assert anonymous.get(f"/customers/organisations/{acme}").status_code == 200
    assert anonymous.get("/customers/organisations/new").status_code == 403
    assert anonymous.post(f"/customers/organisations/{acme}/delete").status_code == 403


def test_hostile_names_are_shown_as_words(client):
    page = client.post("/customers/organisations/new", data={**FORM, "name": "<script>alert(1)</script>"}).location

    assert "<script>alert(1)" not in client.get(page).text
    assert "<script>alert(1)" not in client.get("/customers/organisations").text


def test_pages_ask_as_often_for_many_as_for_few(client, database, workspace, statements):
    counts = []
    for many in (2, 20):
        with database.transaction(workspace.id) as session:
            acme = an_organisation(session, workspace.id)
            for _ in range(many):
                a_member(session, a_customer(session, workspace.id), acme)
                an_organisation(session, workspace.id, parent_id=acme.id)
        for page in ("/customers/organisations", f"/customers/organisations/{acme.id}"):
            client.get(page)
            with statements() as asked:
                assert client.get(page).status_code == 200
            counts.append(len(asked))

    assert counts[:2] == counts[2:]
