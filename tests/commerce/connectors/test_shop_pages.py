"""Owners connect shops, say what is taken, look at what came, and replay it."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, text

from app.commerce.connectors import connections
from app.commerce.connectors import mapping as mappings
from app.commerce.connectors.connections import ConnectionRefused, NewConnection
from app.commerce.models import ShopConnection
from tests.factories import NOON
from tests.factories.shops.webhooks import SECRET, SHOPIFY_ORDER, Sender, changed


@pytest.fixture
def connect(client, app, services, workspace):
    """Connect a shop on the page; return the page and a sender."""

    def do(kind, name="Woo", **more):
        page = client.post("/settings/shops", data={"name": name, "kind": kind, **more})
        assert page.status_code == 200, page.text
        with services.database.transaction(workspace.id) as session:
            shop = session.scalars(select(ShopConnection).order_by(ShopConnection.id.desc())).first()
        return page, Sender(app, services, shop)

    return do


def _mapping_of(services, workspace):
    with services.database.transaction(workspace.id) as session:
        return mappings.read(session.scalars(select(ShopConnection.mapping)).one())


def test_the_secret_is_shown_once_and_kept_encrypted(connect, client, services, workspace):
    page, sender = connect("woocommerce")
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", page.text)[0]

    assert page.headers["Cache-Control"] == "no-store"
    assert f"http://mail.shop.test{sender.address}" in page.text
    assert secret not in client.get(f"/settings/shops/{sender.shop.id}").text
    with services.database.transaction(workspace.id) as session:
        assert secret.encode() not in session.scalars(select(ShopConnection.secret)).one()
    assert sender.post("order.created", {"id": 1}, secret=secret).status_code == 202


def test_shopify_needs_the_secret_it_shows(client):
    page = client.post("/settings/shops", data={"name": "Nightjar", "kind": "shopify"})

    assert page.status_code == 422
    assert "Copy the signing secret that Shopify shows" in page.text
    assert 'value="Nightjar"' in page.text


def test_another_secret_counts_at_once(connect, client):
    _page, sender = connect("shopify", secret=SECRET)
    client.post(f"/settings/shops/{sender.shop.id}/secret", data={"secret": "quite-another"})

    assert sender.post("orders/create", SHOPIFY_ORDER).status_code == 401
    assert sender.post("orders/create", SHOPIFY_ORDER, secret="quite-another").status_code == 202


def test_what_failed_is_shown_with_its_payload_and_can_be_replayed(connect, client, books):
    _page, sender = connect("shopify", secret=SECRET)
    sender.tell("orders/create", changed(SHOPIFY_ORDER, currency="ZZZ"))
    shop = f"/settings/shops/{sender.shop.id}"
    listed = client.get(f"{shop}?state=failed").text
    webhook = re.search(rf"{shop}/webhooks/\d+", listed)[0]

    assert "This is not a currency" in listed
    assert "&#34;ZZZ&#34;" in client.get(webhook).text
    assert client.post(f"{webhook}/replay").status_code == 303
    assert books.states == ["waiting"]
    sender.work()
    assert client.post(f"{shop}/replay").status_code == 303
    assert books.states == ["waiting"]


def test_a_disconnected_shop_is_answered_no_more_until_that_is_taken_back(connect, client):
    _page, sender = connect("shopify", secret=SECRET)
    client.post(f"/settings/shops/{sender.shop.id}/disconnect")
    assert sender.post("orders/create", SHOPIFY_ORDER).status_code == 404

    undo = re.search(r'data-undo="([^"]+)"|action="(/undo/[^"]+)"', client.get("/settings/shops").text)
    client.post(undo[1] or undo[2])
    assert sender.post("orders/create", SHOPIFY_ORDER).status_code == 202


def test_what_is_not_taken_is_passed_over(connect, client, books, services, workspace):
    _page, sender = connect("shopify", secret=SECRET)
    form = {"takes": ["customers"], "profile__first_name": "first_name", "custom": "size = default_address.zip"}
    assert client.post(f"/settings/shops/{sender.shop.id}/mapping", data=form).status_code == 303
    sender.tell("orders/create", SHOPIFY_ORDER)

    assert books.states == ["ignored"]
    assert _mapping_of(services, workspace).custom == {"size": "default_address.zip"}


def test_a_path_that_is_none_is_refused_and_nothing_typed_is_lost(connect, client):
    _page, sender = connect("shopify", secret=SECRET)
    form = {"takes": ["customers"], "profile__city": "a..b", "custom": "size = x", "consent_wording": "Yes please"}
    page = client.post(f"/settings/shops/{sender.shop.id}/mapping", data=form)

    assert page.status_code == 422
    assert "This is not a path" in page.text
    assert "Yes please" in page.text
    assert 'value="a..b"' in page.text


GENERIC = {
    "takes": ["orders", "customers", "refunds", "carts", "products", "events"],
    "topic_path": "event.type",
    "profile__first_name": "data.buyer.given",
    "topics__orders": "sale.made, sale.changed",
    "paths__orders__order_ref": "data.number",
    "paths__orders__amount": "data.total",
    "paths__orders__currency": "data.currency",
    "paths__orders__email": "data.buyer.mail|data.mail",
    "paths__orders__purchased_at": "data.at",
    "paths__orders__lines": "data.items",
    "line_paths__product_ref": "code",
    "line_paths__name": "label",
    "line_paths__quantity": "count",
    "line_paths__amount": "sum",
    "topics__refunds": "sale.refunded",
    "paths__refunds__external_id": "data.id",
    "paths__refunds__order_id": "data.number",
    "paths__refunds__amount": "data.sum",
    "topics__customers": "person",
    "paths__customers__email": "data.mail",
    "topics__carts": "cart",
    "paths__carts__external_id": "data.id",
    "paths__carts__amount": "data.total",
    "paths__carts__email": "data.mail",
    "topics__products": "product",
    "paths__products__ref": "data.code",
    "topics__events": "did",
    "paths__events__event": "data.what",
    "paths__events__email": "data.mail",
    "paths__events__data": "data.more",
}


def test_any_program_is_read_by_the_paths_written_down(connect, client, books):
    page, sender = connect("webhook", "Till")
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", page.text)[0]
    answer = client.post(f"/settings/shops/{sender.shop.id}/mapping", data=GENERIC)
    assert answer.status_code == 303, answer.text
    sale = {"number": "T-7", "total": 21.5, "currency": "EUR", "at": 1772368200,
            "buyer": {"mail": "cy@example.com", "given": "Cy"},
            "items": [{"code": "A", "label": "Apple", "count": 3, "sum": "21.50"}, "odd"]}  # fmt: skip
    for kind, data in (
        ("sale.made", sale),
        ("sale.refunded", {"id": "r1", "number": "T-7", "sum": "1.50"}),
        ("person", {"mail": "di@example.com"}),
        ("cart", {"id": "c", "total": 5, "mail": "di@example.com"}),
        ("product", {"code": "A"}),
        ("else", {}),
    ):
        sender.tell("", {"event": {"type": kind}, "data": data}, secret=secret)

    assert books.states == ["done"] * 5 + ["ignored"]
    assert [person[:2] for person in books.people] == [("cy@example.com", "Cy"), ("di@example.com", None)]
    assert [str(order[1]) + "-" + str(order[2]) for order in books.orders] == ["21.50-1.50"]
    assert [line[:2] for line in books.lines] == [("A", 3)]


def test_events_of_any_name_are_recorded_once_with_what_fits_of_their_properties(connect, client, session, books):
    page, sender = connect("webhook", "Till")
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", page.text)[0]
    form = GENERIC | {"paths__events__external_id": "id"}
    answer = client.post(f"/settings/shops/{sender.shop.id}/mapping", data=form)
    assert answer.status_code == 303, answer.text
    more = {"size": 2, "nested": {"a": 1}, "list": [1], "huge": 10**400, "nul\0": "a\0b", "ok": True}
    did = {"what": "Tasted wine", "mail": "cy@example.com", "more": more}
    ours, nobodys = did | {"what": "clicked"}, did | {"mail": ""}
    for number, data in ((1, did), (1, did), (2, ours), (3, nobodys), (4, {"what": "x"})):
        sender.tell("", {"event": {"type": "did"}, "id": number, "data": data}, secret=secret)

    assert books.states == ["done", "outdated", "failed", "failed", "failed"]
    query = text("SELECT name, facts -> 'data' FROM activities WHERE source = 'api'")
    assert [tuple(row) for row in session.execute(query)] == [
        ("Tasted wine", {"size": 2, "nul": "ab", "ok": True})
    ]


@pytest.mark.parametrize(
    ("resource", "name"), [(resource, name) for resource, (_all, needed) in mappings.FIELDS.items() for name in needed]
)
def test_what_is_taken_needs_the_paths_it_cannot_be_read_without(connect, client, resource, name):
    _page, sender = connect("webhook", "Till")
    form = {**GENERIC, f"paths__{resource}__{name}": ""}
    page = client.post(f"/settings/shops/{sender.shop.id}/mapping", data=form)

    assert page.status_code == 422
    assert "Write down this path" in page.text
    form["takes"] = [taken for taken in GENERIC["takes"] if taken != resource]
    assert client.post(f"/settings/shops/{sender.shop.id}/mapping", data=form).status_code == 303


def test_marketers_see_no_payloads(app, workspace, services, database):
    """Payloads hold what people ordered, and secrets are the owner's."""
    answer = app.test_client().get("/settings/shops")
    assert "/login" in answer.headers["Location"]
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/settings/shops")]
    assert {app.view_functions[rule.endpoint].guard.detail for rule in rules} == {"owner"}
    assert len(rules) > 5


def test_shops_that_were_disconnected_take_nobodys_place(services, workspace):
    by = {"keys": services.settings.secret_keys, "staff_id": workspace.owner_id, "now": NOON}
    with services.database.transaction(workspace.id) as session:
        for number in range(connections.MOST):
            made, _secret = connections.create(session, workspace.id, NewConnection("webhook", f"Shop {number}"), **by)
        with pytest.raises(ConnectionRefused):
            connections.create(session, workspace.id, NewConnection("webhook", "One more"), **by)
        connections.end(session, workspace.id, made.id, staff_id=workspace.owner_id, now=NOON)
        connections.create(session, workspace.id, NewConnection("webhook", "One more"), **by)
