"""The conditions of every room, which sessions carry."""

from __future__ import annotations

from app.conditions import known
from app.conditions.condition_types import ConditionTypes
from app.consent.conditions import Permission

CONDITION_TYPES = ConditionTypes([*known.CONDITIONS, Permission])
# What `kernel.services.build` is given.
CARRIED: dict[type, object] = {ConditionTypes: CONDITION_TYPES}
