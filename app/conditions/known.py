"""The conditions this room and the customers below it bring."""

from __future__ import annotations

from app.conditions.activities import Did
from app.conditions.condition import Condition
from app.conditions.events import Reported
from app.conditions.on_fields.amounts import GreaterThan, LessThan
from app.conditions.on_fields.anniversaries import Anniversary
from app.conditions.on_fields.between import Between
from app.conditions.on_fields.changes import ChangedWithin
from app.conditions.on_fields.dates import After, Before, LongerAgo, NotWithinLast, WithinLast, WithinNext
from app.conditions.on_fields.equality import In, Is, IsNot, NotIn
from app.conditions.on_fields.money import Amount, AmountBetween
from app.conditions.on_fields.presence import IsKnown, IsUnknown
from app.conditions.on_fields.references import RefersTo
from app.conditions.on_fields.selections import IncludesAll, IncludesAny
from app.conditions.on_fields.texts import Contains, StartsWith
from app.conditions.tags import HasTag

# In the order they are offered under a field.
CONDITIONS: tuple[type[Condition], ...] = (
    *(GreaterThan, LessThan, Is, IsNot, Contains, StartsWith, In, NotIn),
    *(Amount, AmountBetween, IncludesAny, IncludesAll, RefersTo),
    *(WithinLast, NotWithinLast, LongerAgo, WithinNext, Before, After, Between, Anniversary),
    *(ChangedWithin, IsKnown, IsUnknown),
    *(HasTag, Did, Reported),
)
