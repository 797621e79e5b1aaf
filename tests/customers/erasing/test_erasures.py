"""A person is erased from every table, after a day to think again; before, they can take along what is held."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.consent import suppression
from app.consent.ledger import verification
from app.consent.preferences import preference_links
from app.customers import jobs
from app.customers.erasing import erasures, export
from app.customers.imports import steps
from app.customers.merging import merge
from app.customers.merging.merge import Decision
from app.kernel.refusals import NotFound
from tests.factories import NOON
from tests.factories.consent import consented_customer
from tests.factories.customers import a_customer, an_uploaded_file
from tests.factories.people.known_people import a_known_person, contents

# They hold numbers and hashes alone.
NAMELESS = {"consent_ledger", "consent_state", "messages", "audit_entries"}


def naming(found, *words):
    """Every table with a row that holds one of these words."""
    return {table for table, rows in found.items() if any(word in row for row in rows for word in words)}


def test_who_is_erased_is_in_no_table(session, workspace):
    ada, eve = a_known_person(session, workspace, 1), a_known_person(session, workspace, 2)
    other = a_known_person(session, workspace, 3)
    numbers = [f'"customer_id": {each},' for each in (ada.id, eve.id)]
    merge.merge(session, workspace.id, Decision(ada.id, eve.id), now=NOON)
    erasures.erase(session, workspace.id, ada.id, now=NOON)
    left = contents(session, workspace.id)

    assert naming(left, "person1@example.com", "person2@example.com", "First1", "City2", "493012345601") == set()
    assert naming(left, *numbers) <= NAMELESS
    assert naming(left, "person3@example.com") >= {"customers", "addresses", "replies"}
    bodies = session.scalars(text("SELECT convert_from(body, 'UTF8') FROM webhook_deliveries ORDER BY length(body)"))
    assert bodies.all() == ["", "", '{"email": "person3@example.com"}']
    assert f'"id": {other.id},' in "".join(left["customers"])
    assert verification.check(session, workspace.id) == []
    assert len(left["suppressions"]) == 2


def test_an_erasure_waits_a_day_and_stops_mail_at_once(session, workspace):
    ada = consented_customer(session, workspace.id)
    erasures.ask(session, workspace.id, ada.id, by="staff", staff_id=workspace.owner_id, now=NOON)

    assert suppression.find_of_customer(session, workspace.id, ada.id).reason == "erased"
    assert erasures.list_due(session, workspace.id, now=NOON) == []
    assert not erasures.carry_out(session, workspace.id, ada.id, now=NOON)
    erasures.take_back(session, workspace.id, ada.id, staff_id=workspace.owner_id, now=NOON)
    assert suppression.find_of_customer(session, workspace.id, ada.id) is None
    with pytest.raises(erasures.NotAsked):
        erasures.take_back(session, workspace.id, ada.id, staff_id=workspace.owner_id, now=NOON)


def test_who_is_to_be_erased_is_merged_with_nobody(session, workspace):
    one, other = a_customer(session, workspace.id), a_customer(session, workspace.id)
    erasures.ask(session, workspace.id, one.id, by="staff", now=NOON)
    with pytest.raises(merge.ToBeErased):
        merge.merge(session, workspace.id, Decision(one.id, other.id), now=NOON)


def test_everything_held_is_told(session, workspace):
    ada, eve = a_known_person(session, workspace, 1), a_known_person(session, workspace, 2)
    merge.merge(session, workspace.id, Decision(ada.id, eve.id), now=NOON)
    told = export.read(session, workspace.id, ada.id, by="staff", staff_id=workspace.owner_id, now=NOON)
    held = json.loads(told)["held"]

    assert {"customers", "addresses", "orders", "order_lines", "carts", "owned_items"} <= set(held)
    assert {"messages", "replies", "enrolments", "tasks", "customer_costs"} <= set(held)
    assert {"consent_ledger", "consent_evidence", "webhook_deliveries", "merge_changes", "activities"} <= set(held)
    assert {row["value"] for row in held["addresses"]} >= {"person1@example.com", "person2@example.com"}
    assert "person2@example.com" in str(held["webhook_deliveries"])
    assert "email_key" not in held["customers"][0]
    with pytest.raises(NotFound):
        export.read(session, workspace.id, eve.id, by="staff", now=NOON)


def test_staff_export_erase_and_keep(client, services, clock, database, workspace):
    with database.transaction(workspace.id) as session:
        ada = consented_customer(session, workspace.id, first_name="Ada")
    page = f"/customers/{ada.id}"
    assert json.loads(client.post(f"{page}/data").text)["held"]["customers"][0]["first_name"] == "Ada"
    assert "Erase in a day" in client.get(f"{page}/erase").text
    assert client.post(f"{page}/erase").status_code == 303
    assert "Keep this customer" in client.get(page).text
    client.post(f"{page}/keep")
    assert "Keep this customer" not in client.get(page).text

    client.post(f"{page}/erase")
    clock.advance(timedelta(days=1, minutes=1))
    jobs.erase(services)
    with database.transaction(workspace.id) as session:
        assert session.scalar(text("SELECT count(*) FROM customers WHERE id = :id"), {"id": ada.id}) == 0


def test_people_take_their_data_and_go_by_a_link_that_shows_who_they_are(anonymous, services, database, workspace):
    with database.transaction(workspace.id) as session:
        ada = consented_customer(session, workspace.id)
    issued = NOON + timedelta(seconds=1)
    theirs = preference_links.mint(services.tokens, workspace.id, ada.id, address_id=ada.address_id, now=issued)
    forwarded = preference_links.mint(services.tokens, workspace.id, ada.id, now=issued)

    assert "Erase my data" in anonymous.get(f"/p/{theirs}").text
    assert "Erase my data" not in anonymous.get(f"/p/{forwarded}").text
    assert anonymous.post(f"/p/{forwarded}/data").status_code == 403
    assert anonymous.post(f"/p/{forwarded}/erase").status_code == 403
    assert json.loads(anonymous.post(f"/p/{theirs}/data").text)["customer_id"] == ada.id
    assert "is erased at" in anonymous.post(f"/p/{theirs}/erase").text
    with database.transaction(workspace.id) as session:
        assert erasures.find(session, workspace.id, ada.id).asked_by == "person"


def test_only_what_names_the_person_is_emptied(session, workspace):
    """One email may be the end of another's, or have been theirs once."""
    ann = a_customer(session, workspace.id, "ann@example.com")
    bodies = [b'{"email": "joann@example.com"}', b'{"email": "ann@example.com.au"}', b'{"email": "Ann@Example.com"}']
    for number, body in enumerate(bodies):
        session.execute(
            text(
                "INSERT INTO webhook_deliveries (workspace_id, connection_id, ref, topic, body, received_at, due_at)"
                " VALUES (:w, 1, :ref, 'orders/create', :body, :now, :now)"
            ),
            {"w": workspace.id, "ref": f"{number}", "body": body, "now": NOON},
        )
    erasures.erase(session, workspace.id, ann.id, now=NOON)

    kept = session.scalars(text("SELECT body FROM webhook_deliveries ORDER BY ref"))
    assert [bytes(body) for body in kept] == [*bodies[:2], b""]


def test_a_preview_shows_nobody_who_is_erased(database, workspace):
    content = "email,first_name\nann@example.com,Ann\nann@example.com,Anna\n"
    import_id = an_uploaded_file(database, workspace.id, content, mapped={"0": "email", "1": "first_name"})
    with database.transaction(workspace.id) as session:
        held = steps.held(session, workspace.id, import_id)
        held.rehearsal = {"counts": {"created": 1}, "samples": {"created": [{"who": "ann@example.com"}]}}
        held.repeats = [[3, 2, "ann@example.com", []]]
        ann = a_customer(session, workspace.id, "ann@example.com")
        session.flush()
        assert "imports" in json.loads(export.read(session, workspace.id, ann.id, by="person", now=NOON))["held"]
        erasures.erase(session, workspace.id, ann.id, now=NOON)
        session.refresh(held)
        assert (held.rehearsal, held.repeats) == ({"counts": {"created": 1}}, [])
