"""The conditions this room and the customers below it bring."""

from __future__ import annotations

from app.conditions.activities import Did
from app.conditions.condition import Condition
from app.conditions.on_fields.amounts import GreaterThan, LessThan
from app.conditions.on_fields.anniversaries import Anniversary
from app.conditions.on_fields.between import Between
from app.conditions.on_fields.dates import After, Before, NotWithinLast, WithinLast
from app.conditions.on_fields.equality import In, Is, IsNot
from app.conditions.on_fields.money import Amount, AmountBetween
from app.conditions.on_fields.presence import IsKnown, IsUnknown
from app.conditions.on_fields.references import RefersTo
from app.conditions.on_fields.selections import IncludesAll, IncludesAny
from app.conditions.on_fields.texts import Contains, StartsWith
from app.conditions.tags import HasTag

# In the order they are offered under a field.
CONDITIONS: tuple[type[Condition], ...] = (
    *(GreaterThan, LessThan, Is, IsNot, Contains, StartsWith, In),
    *(Amount, AmountBetween, IncludesAny, IncludesAll, RefersTo),
    *(WithinLast, NotWithinLast, Before, After, Between, Anniversary, IsKnown, IsUnknown),
    *(HasTag, Did),
)
