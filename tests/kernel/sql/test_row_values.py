"""A row comes back from plain JSON values as it was."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

from app.commerce.models import CompetitorPurchase, CustomerCost
from app.kernel.sql import row_values
from tests.factories import NOON


def test_every_kind_of_value_comes_back_as_it_was():
    cost = CustomerCost(
        id=3, workspace_id=1, customer_id=2, kind="gift", spent_on=date(2026, 3, 2), amount=Decimal("12.50"),
        currency="EUR", note="tea", source="staff", created_at=NOON,
    )  # fmt: skip
    bought = CompetitorPurchase(id=4, workspace_id=1, customer_id=2, what="tea", created_at=NOON)

    for row in (cost, bought):
        kept = json.loads(json.dumps(row_values.plain(row)))
        back = row_values.parsed(type(row), kept)
        assert back == {column.name: getattr(row, column.name) for column in row.__table__.columns}
