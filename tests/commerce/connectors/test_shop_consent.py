"""What shops say about consent counts only with its proof; a no needs none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.commerce.connectors import connections
from app.commerce.connectors import mapping as mappings
from app.consent import permission
from app.customers.models import Customer
from tests.factories import NOON
from tests.factories.consent import a_topic, consented_customer
from tests.factories.shops.webhooks import SHOPIFY_CUSTOMER, SHOPIFY_ORDER, changed

WORDING = "Email me with news and offers"


@pytest.fixture
def stating(shopify, services, workspace):
    """The owner states what the shop's box says and what it is about."""
    with services.database.transaction(workspace.id) as session:
        connection = connections.get(session, workspace.id, shopify.shop.id)
        consent = {"topic": "news", "wording": WORDING, "stated_by": workspace.owner_id}
        whole = {**mappings.read(connection.mapping).model_dump(mode="json"), "consent": consent}
        connections.remap(session, connection, whole, staff_id=workspace.owner_id, now=NOON)
    return shopify


@pytest.fixture
def allowed(services, workspace):
    def ask():
        with services.database.transaction(workspace.id) as session:
            found = permission.allowed_query(workspace.id, "marketing", workspace.topic_id, NOON).subquery()
            query = select(Customer.email).where(Customer.id.in_(select(found.c.customer_id)))
            return list(session.scalars(query))

    return ask


def test_a_yes_with_time_method_topic_and_words_counts(stating, allowed, services, workspace):
    stating.tell("customers/create", SHOPIFY_CUSTOMER)

    assert allowed() == ["ada@example.com"]
    with services.database.transaction(workspace.id) as session:
        record = session.execute(text("SELECT * FROM consent_ledger WHERE event = 'imported'")).mappings().one()
    assert "confirmed opt-in" in str(dict(record))


def test_without_the_words_stated_nobody_becomes_mailable(shopify, allowed, books):
    shopify.tell("customers/create", SHOPIFY_CUSTOMER)

    assert allowed() == []
    assert any("which words" in note for note in books.notes)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"opt_in_level": "unknown"}, "how this person agreed"),
        ({"opt_in_level": None}, "how this person agreed"),
        ({"consent_updated_at": None}, "when this person agreed"),
        ({"consent_updated_at": "2199-01-01T00:00:00Z"}, "has not come yet"),
    ],
)
def test_a_yes_that_lacks_its_proof_grants_nothing(stating, allowed, books, said, why):
    consent = {**SHOPIFY_CUSTOMER["email_marketing_consent"], **said}
    stating.tell("customers/create", changed(SHOPIFY_CUSTOMER, email_marketing_consent=consent))

    assert allowed() == []
    assert any(why in note for note in books.notes)


@pytest.mark.parametrize("state", ["not_subscribed", "pending", "redacted", "invalid", "", "SUBSCRIBED?"])
def test_who_was_not_asked_has_said_nothing(stating, allowed, books, state):
    stating.tell("customers/create", changed(SHOPIFY_CUSTOMER, email_marketing_consent={"state": state}))

    assert (allowed(), books.notes) == ([], [])


def test_a_tick_in_an_order_alone_proves_nothing(stating, allowed):
    person = {name: value for name, value in SHOPIFY_CUSTOMER.items() if name != "email_marketing_consent"}
    stating.tell("orders/create", changed(SHOPIFY_ORDER, customer=person, buyer_accepts_marketing=True))

    assert allowed() == []


def _no(at):
    told = {"state": "unsubscribed", "opt_in_level": "single_opt_in", "consent_updated_at": at}
    return changed(SHOPIFY_CUSTOMER, email_marketing_consent=told, updated_at=at)


def test_an_unsubscription_in_the_shop_ends_consent_here_and_no_later_yes_of_the_shop_undoes_it(stating, allowed):
    stating.tell("customers/create", SHOPIFY_CUSTOMER)
    stating.tell("customers/update", _no((NOON + timedelta(hours=1)).isoformat()))
    assert allowed() == []

    before = (NOON - timedelta(hours=1)).isoformat()
    again = {**SHOPIFY_CUSTOMER["email_marketing_consent"], "consent_updated_at": before}
    later = (NOON + timedelta(hours=2)).isoformat()
    stating.tell("customers/update", changed(SHOPIFY_CUSTOMER, email_marketing_consent=again, updated_at=later))
    assert allowed() == []


def test_an_old_unsubscription_does_not_end_what_was_agreed_here_since(stating, allowed, services, workspace, books):
    with services.database.transaction(workspace.id) as session:
        consented_customer(session, workspace.id, email="ada@example.com")
    stating.tell("customers/update", _no("2024-01-01T00:00:00Z"))

    assert allowed() == ["ada@example.com"]
    assert any("agreed after that" in note for note in books.notes)


def test_an_unsubscription_ends_a_yes_that_is_older_however_late_it_was_brought_here(stating, allowed, books):
    """The yes of November is brought at noon; they said no in the shop half an hour before."""
    stating.tell("customers/create", SHOPIFY_CUSTOMER)
    assert allowed() == ["ada@example.com"]
    stating.tell("customers/update", _no((NOON - timedelta(minutes=30)).isoformat()))

    assert (allowed(), books.states) == ([], ["done", "done"])


def test_an_unsubscription_older_than_a_yes_that_was_brought_here_ends_nothing(stating, allowed):
    stating.tell("customers/create", SHOPIFY_CUSTOMER)
    told = {"state": "unsubscribed", "consent_updated_at": "2025-11-01T10:00:00+01:00"}
    later = NOON.isoformat()
    stating.tell("customers/update", changed(SHOPIFY_CUSTOMER, email_marketing_consent=told, updated_at=later))

    assert allowed() == ["ada@example.com"]


def test_an_unsubscription_counts_though_something_newer_of_the_profile_is_known(stating, allowed, books):
    stating.tell("customers/create", SHOPIFY_CUSTOMER)
    newer = changed(SHOPIFY_CUSTOMER, updated_at=(NOON + timedelta(hours=1)).isoformat(), first_name="Augusta")
    stating.tell("customers/update", newer)
    stating.tell("customers/update", _no((NOON - timedelta(minutes=30)).isoformat()))

    assert (allowed(), books.states, books.people[0][1]) == ([], ["done", "done", "outdated"], "Augusta")


@pytest.mark.parametrize(("at", "still"), [("2025-10-01T00:00:00Z", True), ("2026-01-01T00:00:00Z", False)])
def test_an_undated_unsubscription_of_an_outdated_account_is_as_old_as_that(stating, allowed, at, still):
    stating.tell("customers/create", SHOPIFY_CUSTOMER)
    told = {"state": "unsubscribed"}
    stating.tell("customers/update", changed(SHOPIFY_CUSTOMER, email_marketing_consent=told, updated_at=at))

    assert allowed() == ["ada@example.com"] * still


def test_an_unsubscription_counts_without_an_email(stating, allowed):
    stating.tell("customers/create", SHOPIFY_CUSTOMER)
    said = {"state": "unsubscribed", "consent_updated_at": NOON.isoformat()}
    alone = {"customer_id": SHOPIFY_CUSTOMER["id"], "email_marketing_consent": said}
    stating.tell("customers_email_marketing_consent/update", alone)

    assert allowed() == []


def test_an_unsubscription_leaves_what_was_agreed_here_since_and_ends_the_rest(
    stating, allowed, services, workspace
):
    """They agreed to one topic here after their no, and to another in the shop before it."""
    stating.tell("customers/create", SHOPIFY_CUSTOMER)
    with services.database.transaction(workspace.id) as session:
        a_topic(session, workspace.id, name="Offers")
        ada = consented_customer(session, workspace.id, email="ada@example.com", topic="offers")
    stating.tell("customers/update", _no((NOON - timedelta(minutes=30)).isoformat()))

    with services.database.transaction(workspace.id) as session:
        held = permission.state_of(session, workspace.id, ada.id)
    assert [row.allowed for row in held if row.purpose == "marketing"] == [False, True]


def test_consent_speaks_for_the_address_it_names(stating, allowed):
    """The shop's yes was given from an address that is not the primary one here."""
    stating.tell("customers/create", SHOPIFY_CUSTOMER)
    moved = changed(SHOPIFY_CUSTOMER, email="ada@new.example", updated_at="2026-03-01T10:00:00Z")
    moved.pop("email_marketing_consent")
    stating.tell("customers/update", moved)

    assert allowed() == []
