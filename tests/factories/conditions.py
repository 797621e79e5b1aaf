"""Every condition by its short name, for rules written in tests, and what tests know them by."""

from __future__ import annotations

from typing import Any

from app.commerce.conditions.purchases import Purchased
from app.conditions.activities import Did
from app.conditions.events import EventTest, Reported
from app.conditions.on_fields.amounts import GreaterThan, LessThan
from app.conditions.on_fields.anniversaries import Anniversary
from app.conditions.on_fields.between import Between
from app.conditions.on_fields.dates import After, Before, LongerAgo, NotWithinLast, WithinLast, WithinNext
from app.conditions.on_fields.equality import In, Is, IsNot, NotIn
from app.conditions.on_fields.money import Amount, AmountBetween
from app.conditions.on_fields.presence import IsKnown, IsUnknown
from app.conditions.on_fields.references import RefersTo
from app.conditions.on_fields.selections import IncludesAll, IncludesAny
from app.conditions.on_fields.texts import Contains, StartsWith
from app.conditions.references import Vocabulary
from app.conditions.tags import HasTag
from app.consent.conditions import Answered, Permission
from app.customers.profiles.fields import _BUILT_IN, FieldInfo
from app.segments.conditions import InSegment, OnList
from app.wiring.conditions import CONDITION_TYPES as TYPES

__all__ = [
    "FIELDS",
    "TYPES",
    "VOCABULARY",
    "After",
    "Amount",
    "AmountBetween",
    "Anniversary",
    "Answered",
    "Before",
    "Between",
    "Contains",
    "Did",
    "EventTest",
    "GreaterThan",
    "HasTag",
    "In",
    "InSegment",
    "IncludesAll",
    "IncludesAny",
    "Is",
    "IsKnown",
    "IsNot",
    "IsUnknown",
    "LessThan",
    "LongerAgo",
    "NotIn",
    "NotWithinLast",
    "OnList",
    "Permission",
    "Purchased",
    "RefersTo",
    "Reported",
    "StartsWith",
    "WithinLast",
    "WithinNext",
    "speaking_of",
]

FIELDS: dict[str, FieldInfo] = {info.name: info for info in _BUILT_IN}
VOCABULARY = Vocabulary(FIELDS, {"topic": {7: "News"}})


def speaking_of(fields: dict[str, Any]) -> Vocabulary:
    """Return a vocabulary of these fields, with one topic."""
    return Vocabulary(fields, {"topic": {7: "News"}})
