"""A shop's webhooks come in over the web and are in segments as soon as the jobs that wait have run, no clock moved."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.commerce.conditions.carts import LeftCart
from app.commerce.conditions.products import BoughtProduct
from app.commerce.models import ShopConnection
from app.commerce.tokens import ShopToken
from app.journeys import positions
from app.kernel.clock import FixedClock
from app.kernel.settings import Settings
from app.segments import jobs, preview, rules, segments
from app.segments.segments import SegmentChange
from tests.factories import conditions
from tests.factories.consent import consented_customer
from tests.factories.journeys import a_journey
from tests.factories.shops import webhooks
from tests.factories.shops.webhooks import SHOPIFY_CHECKOUT, SHOPIFY_ORDER, SHOPIFY_REFUND
from tests.factories.workspaces import WorkspaceForTests
from tests.stories.house import House, a_house

SEGMENTS = {
    "left a cart": LeftCart(1, 7),
    "bought": conditions.Purchased("count", 1),
    "spent 40": conditions.Purchased("sum", 40),
    "two of the tea": BoughtProduct("pieces", 2, category="Tea"),
}


@pytest.fixture
def house(settings: Settings, clock: FixedClock, tmp_path: Path) -> Iterator[House]:
    with a_house(settings, clock, tmp_path) as opened:
        yield opened


@pytest.fixture
def shop(house: House, workspace: WorkspaceForTests) -> ShopConnection:
    return webhooks.a_shop(house.services.database, workspace, house.services.settings)


@pytest.fixture
def saved(house: House, workspace: WorkspaceForTests) -> dict[str, int]:
    with house.services.database.transaction(workspace.id) as session:
        return {
            name: segments.save(
                *(session, workspace.id, SegmentChange(name, rules.AllOf((condition,)))),
                staff_id=None,
                now=house.clock.now(),
            ).id
            for name, condition in SEGMENTS.items()
        }


def tell(house: House, shop: ShopConnection, topic: str, payload: dict[str, Any]) -> None:
    """Send one webhook as the shop signs it, and let the jobs run that it asked for."""
    body = json.dumps(payload).encode()
    token = ShopToken(shop.workspace_id, shop.id).encode(house.services.tokens)
    answer = house.browser.post(
        f"/api/v1/webhooks/{token}",
        data=body,
        headers=webhooks.signed(shop.kind, topic, body),
        content_type="application/json",
    )
    assert answer.status_code == 202, answer.text
    house.settle()
    assert house.failed_jobs() == []


def sizes(house: House, workspace: WorkspaceForTests, saved: dict[str, int]) -> dict[str, int]:
    with house.services.database.transaction(workspace.id) as session:
        now = house.clock.now()
        return {
            name: preview.count(session, segments.members_query(session, workspace.id, segment_id, now))
            for name, segment_id in saved.items()
        }


def at(payload: dict[str, Any], moment: datetime, **values: Any) -> dict[str, Any]:
    """The payload as if it had happened then, of tea."""
    told = {**copy.deepcopy(payload), **values}
    for name in ("created_at", "updated_at", "processed_at"):
        if name in told:
            told[name] = moment.isoformat()
    for line in told.get("line_items", []):
        line["product_type"] = "Tea > Black"
    return told


def test_a_cart_an_order_and_a_refund_are_in_segments_at_once(
    house: House, workspace: WorkspaceForTests, shop: ShopConnection, saved: dict[str, int]
) -> None:
    began = house.clock.now()
    tell(house, shop, "checkouts/create", at(SHOPIFY_CHECKOUT, began - timedelta(hours=2)))
    assert sizes(house, workspace, saved) == {"left a cart": 1, "bought": 0, "spent 40": 0, "two of the tea": 0}

    tell(house, shop, "orders/create", at(SHOPIFY_ORDER, began))
    assert sizes(house, workspace, saved) == {"left a cart": 0, "bought": 1, "spent 40": 1, "two of the tea": 1}

    refund = at(SHOPIFY_REFUND, began)
    refund["refund_line_items"][0]["quantity"] = 2
    tell(house, shop, "refunds/create", refund)
    assert sizes(house, workspace, saved) == {"left a cart": 0, "bought": 1, "spent 40": 0, "two of the tea": 0}

    gone = at(SHOPIFY_ORDER, began + timedelta(minutes=5), cancelled_at=began.isoformat())
    tell(house, shop, "orders/cancelled", gone)
    assert sizes(house, workspace, saved) == {"left a cart": 0, "bought": 0, "spent 40": 0, "two of the tea": 0}


def test_it_starts_journeys_within_two_seconds(
    house: House, workspace: WorkspaceForTests, shop: ShopConnection, saved: dict[str, int]
) -> None:
    """A cart, an order and a refund, each two seconds after the one before: no job of the minute has run between."""
    began = house.clock.now()
    with house.services.database.transaction(workspace.id) as session:
        ada = consented_customer(session, workspace.id, email=SHOPIFY_ORDER["customer"]["email"]).id
        too_little = rules.AllOf((SEGMENTS["bought"], rules.Not(SEGMENTS["spent 40"])))
        refunded = SegmentChange("refunded", too_little)
        saved["refunded"] = segments.save(session, workspace.id, refunded, staff_id=None, now=began).id
        for name in ("left a cart", "bought", "refunded"):
            journey = a_journey(session, workspace, trigger=("segment", saved[name]), now=began)
            journey.name = name
    jobs.update_members(house.services)

    def on() -> list[str]:
        with house.services.database.transaction(workspace.id) as session:
            return sorted(each.journey for each in positions.of_customer(session, workspace.id, ada))

    assert on() == []
    house.clock.advance(timedelta(seconds=2))
    tell(house, shop, "checkouts/create", at(SHOPIFY_CHECKOUT, began - timedelta(hours=2)))
    assert on() == ["left a cart"]
    house.clock.advance(timedelta(seconds=2))
    tell(house, shop, "orders/create", at(SHOPIFY_ORDER, began))
    assert on() == ["bought", "left a cart"]
    house.clock.advance(timedelta(seconds=2))
    tell(house, shop, "refunds/create", at(SHOPIFY_REFUND, began))
    assert on() == ["bought", "left a cart", "refunded"]
