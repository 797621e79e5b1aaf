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
from tests.factories.consent import consented_customer
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
    assert any("agreed here after that" in note for note in books.notes)


def test_consent_speaks_for_the_address_it_names(stating, allowed):
    """The shop's yes was given from an address that is not the primary one here."""
    stating.tell("customers/create", SHOPIFY_CUSTOMER)
    moved = changed(SHOPIFY_CUSTOMER, email="ada@new.example", updated_at="2026-03-01T10:00:00Z")
    moved.pop("email_marketing_consent")
    stating.tell("customers/update", moved)

    assert allowed() == []
