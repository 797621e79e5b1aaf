"""What names the former one goes on working: links in old mails, programs, files, hits and jobs that come later."""

from __future__ import annotations

import time

from sqlalchemy import text

from app.accounts import api_keys
from app.commerce import orders
from app.consent import actions, permission
from app.consent.preferences import preference_links
from app.consent.tokens import UnsubscribeToken
from app.customers.merging import merge
from app.customers.merging.merge import Decision
from app.customers.profiles import engagement, people
from app.tracking.hits import storing
from app.tracking.hits.spool import Line
from tests.factories import NOON
from tests.factories.consent import a_yes, consented_customer
from tests.factories.customers import a_customer, import_file, outcome_of


def merged(database, workspace, **purposes):
    """Two who agreed to "news", the second of whom became part of the first."""
    with database.transaction(workspace.id) as session:
        one = consented_customer(session, workspace.id, email="ada@example.com", external_ref="C-1", **purposes)
        other = consented_customer(session, workspace.id, email="ada@work.example", external_ref="C-2", **purposes)
        merge.merge(session, workspace.id, Decision(one.id, other.id), now=NOON)
    return one.id, other.id


def is_mailable(database, workspace, customer_id):
    with database.transaction(workspace.id) as session:
        rows = permission.state_of(session, workspace.id, customer_id)
        return any(row.allowed for row in rows if row.purpose == "marketing")


def test_an_old_unsubscribe_link_ends_the_survivors_mail(anonymous, services, database, workspace):
    survivor, former = merged(database, workspace)
    token = UnsubscribeToken(workspace.id, former, workspace.topic_id, 0).encode(services.tokens)
    assert is_mailable(database, workspace, survivor)

    assert anonymous.get(f"/u/{token}").status_code == 200
    assert anonymous.post(f"/u/{token}", data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not is_mailable(database, workspace, survivor)
    with database.transaction(workspace.id) as session:
        assert permission.state_of(session, workspace.id, former) == []


def test_old_preferences_open_and_change_the_survivors(anonymous, services, database, workspace):
    survivor, former = merged(database, workspace)
    with database.transaction(workspace.id) as session:
        owned = people.find_by_email(session, workspace.id, "ada@work.example")
        assert owned.id == survivor
    token = preference_links.mint(services.tokens, workspace.id, former, now=NOON)

    assert anonymous.get(f"/p/{token}").status_code == 200
    assert anonymous.post(f"/p/{token}", data={"leave": "all"}).status_code == 200
    assert not is_mailable(database, workspace, survivor)


def test_a_click_in_an_old_mail_counts_for_the_survivor(session, workspace):
    one, other = (
        consented_customer(session, workspace.id, email=f"{name}@example.com", purposes=("click_tracking",))
        for name in ("ada", "bob")
    )
    merge.merge(session, workspace.id, Decision(one.id, other.id), now=NOON)
    hit = Line("click", time.time(), workspace.id, 1, 1, other.id, 0, "GET", "192.0.2.1", "Mozilla/5.0", "")
    storing.store(session, workspace.id, [hit], now=NOON)

    told = text("SELECT customer_id FROM activities WHERE workspace_id = :w AND name = 'clicked'")
    assert session.scalars(told, {"w": workspace.id}).all() == [one.id]


def test_programs_find_the_survivor_by_the_old_number(anonymous, database, workspace):
    survivor, former = merged(database, workspace)
    with database.transaction(workspace.id) as session:
        _made, key = api_keys.create(session, workspace.id, name="Shop", staff_id=None, now=NOON)
    headers = {"Authorization": f"Bearer {key}"}

    found = anonymous.get(f"/api/v1/customers/{former}", headers=headers)
    assert found.json["id"] == survivor
    by_ref = anonymous.get("/api/v1/customers?external_ref=C-2", headers=headers)
    assert by_ref.json["id"] == survivor
    event = {"customer": {"id": former}, "name": "visited", "at": NOON.isoformat()}
    told = anonymous.post("/api/v1/events", json=event, headers=headers | {"Idempotency-Key": "1"})
    assert (told.status_code, told.json.get("customer_id")) == (201, survivor), told.json


def test_a_page_of_the_old_number_leads_to_the_survivor(client, database, workspace):
    survivor, former = merged(database, workspace)

    answer = client.get(f"/customers/{former}")
    assert (answer.status_code, answer.location) == (302, f"/customers/{survivor}")


def test_files_that_name_the_old_number_or_address_change_the_survivor(database, workspace):
    survivor, former = merged(database, workspace)
    import_file(database, workspace.id, "email,external_ref,city\nada@work.example,C-2,Rome\n")
    purchases = "order_ref,external_ref,purchased_at,amount,currency\nO-1,C-2,2026-02-01,5.00,EUR\n"
    taken = import_file(database, workspace.id, purchases, kind="purchases", match_by="external_ref")

    with database.transaction(workspace.id) as session:
        assert people.get(session, workspace.id, survivor).city == "Rome"
        assert {people.find_by_ref(session, workspace.id, ref).id for ref in ("C-1", "C-2")} == {survivor}
        assert outcome_of(database, workspace.id, taken.id).state == "done"
        assert engagement.get(session, workspace.id, survivor).orders == 1
        assert not orders.TRACE.find(session, workspace.id, [former])


def test_an_answer_that_waited_for_the_merge_is_the_survivors(session, workspace):
    """Whoever read the old number before the merge writes after it, and the survivor has said no."""
    one, other = (consented_customer(session, workspace.id, email=f"{name}@example.com") for name in ("ada", "bob"))
    merge.merge(session, workspace.id, Decision(one.id, other.id), now=NOON)
    actions.withdraw(session, workspace.id, other.id, evidence=a_yes(), now=NOON)

    assert not any(row.allowed for row in permission.state_of(session, workspace.id, one.id))


def test_what_was_written_to_the_old_number_meanwhile_moves(session, workspace):
    one, other = a_customer(session, workspace.id), a_customer(session, workspace.id)
    made = merge.merge(session, workspace.id, Decision(one.id, other.id), now=NOON)
    insertion = "INSERT INTO orders (workspace_id, customer_id, order_ref, purchased_at, amount, currency)"
    late = {"w": workspace.id, "c": other.id, "at": NOON}
    session.execute(text(f"{insertion} VALUES (:w, :c, 'late', :at, 5, 'EUR')"), late)
    merge.settle(session, workspace.id, made.id, now=NOON)

    assert orders.TRACE.find(session, workspace.id, [one.id, other.id]) == {one.id}
