"""The condition on when a value was last set, changed, cleared or confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement

from app.conditions.condition import Question
from app.conditions.context import ConditionContext, ConditionInvalid
from app.conditions.description import Description
from app.conditions.limits import Days
from app.conditions.on_fields.on_field import ANY_KIND, OnField
from app.conditions.periods import DaysBack, Period
from app.customers.profiles import changes
from app.kernel.sql import moments
from app.kernel.translatable import N_

# What people told; sums and scores change with every purchase and keep no such time.
_GROUPS = frozenset(("profile", "custom"))


@dataclass(frozen=True)
class ChangedWithin(OnField):
    """The value was set, changed, cleared or observed anew in the last so many days."""

    type = "changed_within"
    questions = (
        Question(
            "changed_within",
            N_("was set or confirmed in the last … days"),
            (DaysBack(),),
            kinds=ANY_KIND,
            groups=_GROUPS,
        ),
    )
    help = N_("Set, changed or cleared by anybody, or told once more as it was.")
    shows_help = True
    example = {"field": "city", "days": 30}
    is_foreseen = True

    days: Days

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        return self._at(context).between(context.since(self.days), context.now)

    def next_change(self, context: ConditionContext) -> ColumnElement[datetime]:
        at = self._at(context)
        return moments.earliest_after(context.now, (at, moments.just_after(at, timedelta(days=self.days))))

    def _at(self, context: ConditionContext) -> ColumnElement[datetime]:
        info = context.field(self.field)
        if info.group not in _GROUPS or info.name in changes.WITHOUT_MARK:
            raise ConditionInvalid(N_("“%(label)s” cannot be asked this way."), part="type", label=info.label)
        return changes.changed_at(info.name, info.expression)

    def describe(self, description: Description) -> str:
        field, period = description.field(self.field), Period(self.days).describe(description)
        return description.text(N_("%(field)s was set or confirmed %(period)s"), field=field, period=period)
