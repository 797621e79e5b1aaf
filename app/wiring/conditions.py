"""The conditions of every room, in the order of the builder's menu; an entry of `extensions`."""

from __future__ import annotations

from app.campaigns.conditions import WithCampaign
from app.commerce.conditions.carts import LeftCart
from app.commerce.conditions.elsewhere import BoughtElsewhere, SpentOn
from app.commerce.conditions.orders import InOrder, OrderInterval
from app.commerce.conditions.owned import ItemDue, OwnsItem
from app.commerce.conditions.products import BoughtButNot, BoughtProduct
from app.commerce.conditions.purchases import Purchased
from app.conditions import known
from app.conditions.condition_types import ConditionTypes
from app.conditions.contacts import Contacted, Dissatisfied
from app.conditions.on_relations.organisations import WorksAt
from app.conditions.on_relations.referrals import HasReferred, WasReferred
from app.consent.conditions import Answered, Permission
from app.segments.conditions import InSegment, OnList

_OF_COMMERCE = (
    *(Purchased, BoughtProduct, BoughtButNot, InOrder, OrderInterval, LeftCart),
    *(OwnsItem, ItemDue, BoughtElsewhere, SpentOn),
)
CONDITION_TYPES = ConditionTypes(
    [
        *known.CONDITIONS,
        *(Contacted, Dissatisfied, WorksAt, WasReferred, HasReferred),
        *(*_OF_COMMERCE, Permission, Answered, WithCampaign, InSegment, OnList),
    ]
)
