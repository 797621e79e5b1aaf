"""The conditions of every room, in the order of the builder's menu; an entry of `extensions`."""

from __future__ import annotations

from app.commerce.conditions import Purchased
from app.commerce.product_conditions import BoughtProduct
from app.conditions import known
from app.conditions.condition_types import ConditionTypes
from app.conditions.organisations import WorksAt
from app.conditions.referrals import HasReferred, WasReferred
from app.consent.conditions import Permission

CONDITION_TYPES = ConditionTypes(
    [*known.CONDITIONS, WorksAt, WasReferred, HasReferred, Purchased, BoughtProduct, Permission]
)
