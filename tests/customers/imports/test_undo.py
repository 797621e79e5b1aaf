"""An import is taken back whole: what it added goes, what it changed returns, and what was changed since stays."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.commerce import orders, products
from app.commerce.orders import NewRefund
from app.commerce.owned_items import following
from app.commerce.products import ProductChange
from app.consent import actions, permission
from app.consent.ledger import verification
from app.consent.ledger.evidence import Evidence
from app.customers.imports import running, steps
from app.customers.imports.undoing import people as undo_people
from app.customers.imports.undoing import undo
from app.customers.imports.undoing.traces import CustomerTraces
from app.customers.profiles import fields, people
from app.kernel.clock import FixedClock
from app.kernel.database import Base
from app.wiring import extensions
from tests.factories import NOON
from tests.factories.customers import a_customer, a_purchase, an_uploaded_file, import_file, undo_import

QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
LATER = NOON + timedelta(days=1)
TABLES = {
    "customers": "id", "addresses": "id", "customer_engagement": "customer_id", "products": "id", "orders": "id",
    "order_lines": "order_id, number", "consent_state": "customer_id, purpose, topic_id",
    "suppressions": "address_digest", "owned_items": "id",
}  # fmt: skip
PROOF = "email,consent,consented_at,consent_method,consent_wording\n"
YES = "yes,2025-05-01,web form,Yes please\n"


def tables(database, workspace_id):
    """Everything the workspace knows, row by row."""
    with database.transaction(workspace_id) as session:
        return {
            name: [str(row[0]) for row in session.execute(text(f"SELECT to_jsonb(t) FROM {name} t ORDER BY {key}"))]
            for name, key in TABLES.items()
        }


def undone(database, workspace_id, import_id):
    return undo_import(database, workspace_id, import_id, now=LATER)


def may_be_mailed(session, workspace, customer_id):
    about = {"purpose": "marketing", "topic_id": workspace.topic_id}
    return permission.allows(session, workspace.id, customer_id, **about, now=LATER)


def somebody(database, workspace, email="ada@example.com", **values):
    with database.transaction(workspace.id) as session:
        return a_customer(session, workspace.id, email, **values).id


def test_people_as_they_were(database, workspace):
    """With fields, tags, provenance, times and sums: the tables are the same, row for row."""
    with database.transaction(workspace.id) as session:
        fields.create(session, workspace.id, key="size", label="Size", kind="text")
    somebody(database, workspace, first_name="Ada", city="London", tags=["vip"], external_ref="7")
    somebody(database, workspace, "bob@example.com")
    before = tables(database, workspace.id)
    done = import_file(
        database,
        workspace.id,
        "email,first_name,city,tags,size,external_ref\nada@example.com,Augusta,Leeds,gift,XL,7\n"
        "bob@example.com,Bob,,tea,S,8\neve@example.com,Eve,Paris,,M,9\nada@example.com,Lady,,,,\n",
        mapped={"0": "email", "1": "first_name", "2": "city", "3": "tags", "4": "custom.size", "5": "external_ref"},
    )
    assert tables(database, workspace.id) != before
    taken = undone(database, workspace.id, done.id)

    assert tables(database, workspace.id) == before
    assert taken.state == "undone"
    assert taken.undo["counts"] == {"restored": 2, "removed": 1}


def test_values_set_since_stay_and_are_counted(database, workspace):
    ada = somebody(database, workspace, first_name="Ada", city="London")
    done = import_file(
        database, workspace.id, "email,first_name,city\nada@example.com,Augusta,Leeds\neve@example.com,Eve,Paris\n"
    )
    with database.transaction(workspace.id) as session:
        found = people.get(session, workspace.id, ada)
        people.change(session, found, values_by_name={"city": "Rome"}, source="staff:1", now=LATER)
        eve = people.find_by_email(session, workspace.id, "eve@example.com")
        people.change(session, eve, values_by_name={"city": "Oslo"}, source="staff:1", now=LATER)
    taken = undone(database, workspace.id, done.id)

    with database.transaction(workspace.id) as session:
        found = people.get(session, workspace.id, ada)
        assert (found.first_name, found.city) == ("Ada", "Rome")
        assert people.find_by_email(session, workspace.id, "eve@example.com").city == "Oslo"
    assert taken.undo["counts"] == {"restored": 1, "kept_changed": 2}


def test_who_was_used_since_stays(database, workspace):
    done = import_file(database, workspace.id, "email\nada@example.com\nbob@example.com\n")
    with database.transaction(workspace.id) as session:
        a_purchase(session, people.find_by_email(session, workspace.id, "ada@example.com"))
    taken = undone(database, workspace.id, done.id)

    with database.transaction(workspace.id) as session:
        assert people.find_by_email(session, workspace.id, "ada@example.com")
        assert people.find_by_email(session, workspace.id, "bob@example.com") is None
    assert taken.undo["counts"] == {"removed": 1, "kept_used": 1}


def test_emails_named_by_number_return(database, workspace):
    somebody(database, workspace, "old@example.com", external_ref="7")
    before = tables(database, workspace.id)
    done = import_file(database, workspace.id, "external_ref,email\n7,new@example.com\n", match_by="external_ref")
    undone(database, workspace.id, done.id)

    assert tables(database, workspace.id) == before


def test_proofs_are_corrected_in_the_ledger_and_stay_there(database, workspace):
    """What the file gave ends; what the person said themselves since does not, and no record is erased."""
    known = somebody(database, workspace)
    later = somebody(database, workspace, "bob@example.com")
    before = tables(database, workspace.id)
    content = PROOF + f"ada@example.com,{YES}bob@example.com,{YES}eve@example.com,{YES}"
    done = import_file(database, workspace.id, content, topic="news")
    with database.transaction(workspace.id) as session:
        assert may_be_mailed(session, workspace, known)
        records = session.scalar(text("SELECT count(*) FROM consent_ledger"))
        actions.withdraw(session, workspace.id, later, evidence=Evidence("link"), now=LATER)
    taken = undone(database, workspace.id, done.id)

    with database.transaction(workspace.id) as session:
        assert not may_be_mailed(session, workspace, known)
        assert people.find_by_email(session, workspace.id, "eve@example.com") is None
        assert session.scalar(text("SELECT count(*) FROM consent_ledger")) == records + 3
        assert session.scalar(text("SELECT count(*) FROM consent_evidence")) == records
        assert verification.check(session, workspace.id) == []
    assert taken.undo["counts"] == {"consents_corrected": 2, "kept_answers": 1, "removed": 1}
    left = [row for row in tables(database, workspace.id)["consent_state"] if "withdrawn" not in row]
    assert left == before["consent_state"]


def test_a_no_is_never_taken_back(database, workspace):
    content = "email,unsubscribed\nada@example.com,yes\n"
    done = import_file(database, workspace.id, content, mapped={"0": "email", "1": "unsubscribed"})
    taken = undone(database, workspace.id, done.id)

    with database.transaction(workspace.id) as session:
        assert people.find_by_email(session, workspace.id, "ada@example.com")
    assert taken.undo["counts"] == {"kept_refusals": 1, "kept_used": 1}


ORDERS = "email,order number,date,amount,currency,items,product,category\n"


def test_orders_with_lines_products_and_sums_as_they_were(database, workspace):
    ada = somebody(database, workspace)
    with database.transaction(workspace.id) as session:
        a_purchase(session, people.get(session, workspace.id, ada), order_ref="1", product="Tea", amount="20")
    before = tables(database, workspace.id)
    done = import_file(
        database,
        workspace.id,
        ORDERS
        + "ada@example.com,1,2026-01-05,10.50,EUR,2,Cup,China > Cups\nada@example.com,1,2026-01-05,4,EUR,1,Tea,Tea\n"
        "ada@example.com,2,2026-01-07,5,EUR,1,Cup,\neve@example.com,3,2026-01-07,5,EUR,1,Pot,\n",
        kind="purchases",
        unknown="create",
    )
    assert done.counts == {"created": 2, "updated": 1, "joined": 1, "people_created": 1}
    taken = undone(database, workspace.id, done.id)

    assert tables(database, workspace.id) == before
    assert taken.undo["counts"] == {"orders_removed": 2, "restored": 1, "products_removed": 2, "removed": 1}


def test_what_a_customer_owns_of_an_order_goes_with_it(database, workspace):
    somebody(database, workspace)
    with database.transaction(workspace.id) as session:
        products.save(session, workspace.id, ProductChange("Pot", name="Pot", life_days=700), now=NOON)
    before = tables(database, workspace.id)
    content = ORDERS + "ada@example.com,1,2026-01-05,10,EUR,1,Pot,\n"
    done = import_file(database, workspace.id, content, kind="purchases")
    with database.transaction(workspace.id) as session:
        following.follow_import(session, workspace.id, done.id, now=NOON)
    assert tables(database, workspace.id)["owned_items"]
    undone(database, workspace.id, done.id)

    assert tables(database, workspace.id) == before


def test_an_order_refunded_since_stays(database, workspace):
    somebody(database, workspace)
    done = import_file(
        database, workspace.id, ORDERS + "ada@example.com,1,2026-01-05,10,EUR,1,Cup,\n", kind="purchases"
    )
    with database.transaction(workspace.id) as session:
        orders.refund(session, workspace.id, "1", NewRefund("r", Decimal(3), LATER), now=LATER)
    taken = undone(database, workspace.id, done.id)

    assert taken.undo["counts"] == {"kept_changed": 1}
    assert len(tables(database, workspace.id)["orders"]) == 1


PEOPLE = st.lists(
    st.tuples(st.integers(1, 9), st.sampled_from(["Ada", "Bob", ""]), st.sampled_from(["a", "b;c", ""])), max_size=20
)


@settings(max_examples=15, deadline=None, suppress_health_check=QUIET)
@given(first=PEOPLE, second=PEOPLE, rows=st.integers(1, 7))
def test_undo_of_any_second_file_leaves_what_the_first_one_made(database, workspace, first, second, rows):
    """However files overlap and batches fall; a file brought again after its undo makes the same again."""

    def content(told):
        return "email,first_name,tags\n" + "".join(f"p{n}@example.com,{name},{tags}\n" for n, name, tags in told)

    import_file(database, workspace.id, content(first))
    before = tables(database, workspace.id)
    import_id = an_uploaded_file(database, workspace.id, content(second), now=LATER)
    running.run(database, FixedClock(LATER), workspace.id, import_id, rows=rows)
    undone(database, workspace.id, import_id)

    assert tables(database, workspace.id) == before


def test_a_killed_undo_goes_on_and_an_undone_import_is_left_alone(database, workspace):
    done = import_file(database, workspace.id, "email\nada@example.com\n")
    with database.transaction(workspace.id) as session:
        found = steps.get(session, workspace.id, done.id)
        undo.ask(session, found)
        undo.take_back_piece(session, found, now=LATER)
    taken = undone(database, workspace.id, done.id)
    assert taken.undo["counts"] == {"removed": 1}

    undo.run(database, FixedClock(LATER), workspace.id, done.id)
    with database.transaction(workspace.id) as session, pytest.raises(undo.NotUndoable):
        undo.ask(session, steps.get(session, workspace.id, done.id))


def test_every_table_about_customers_is_asked_before_they_are_deleted():
    """A new table with a customer in it is named here: it goes with them, or it keeps them."""
    asked = {trace.table for trace in extensions.build().get(CustomerTraces).kept}
    looked_at = {name for name in Base.metadata.tables if name in str(undo_people.CHANGED)}
    goes = {"addresses", "customer_engagement", "customer_traits", "replaced_values", "life_cycle_moves"}
    # A list or a segment they are in says nothing of them that stays.
    goes |= {"customer_list_members", "segment_members", "segment_moves", "changed_customers", "member_checks"}
    # Whom a job is to look at.
    goes |= {"life_cycle_marks", "life_cycle_checks"}
    # Numbers that others had, and wishes to be forgotten, ask nobody to stay.
    goes |= {"customer_aliases", "asked_erasures"}
    # Records stay whoever goes; lines have an order, hits a message.
    stays = {"consent_ledger", "order_lines", "message_hits"}
    about = {name for name, table in Base.metadata.tables.items() if "customer_id" in table.columns}

    assert about - asked - looked_at - goes == stays


def test_the_page_offers_the_undo_and_says_what_came_of_it(client, database, workspace):
    done = import_file(database, workspace.id, "email\nada@example.com\n")
    page = client.get(f"/customers/imports/{done.id}").text
    assert "Undo this import" in page

    assert client.post(f"/customers/imports/{done.id}/undo").status_code == 303
    assert "Undoing the import" in client.get(f"/customers/imports/{done.id}").text
    undo.run(database, FixedClock(LATER), workspace.id, done.id)
    page = client.get(f"/customers/imports/{done.id}").text
    assert "people it had added are deleted" in page
    assert "Undo this import" not in page
    assert client.post(f"/customers/imports/{done.id}/undo").status_code == 409
