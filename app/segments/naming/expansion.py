"""Puts the rules of other segments in the places where a rule names them; cycles and what is gone are refused there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.conditions.limits import MAX_EXPANDED, MAX_SEGMENTS_DEEP
from app.kernel.translatable import N_, MessageId
from app.segments import rules
from app.segments.codec import Path, Problem, RulesInvalid
from app.segments.conditions import InSegment
from app.segments.naming.kept_rules import KeptRules
from app.segments.rules import AllOf, AnyOf, Not, OfSegment, Rule, Someone


def expand(rule: Rule, kept: KeptRules, problems: list[Problem], *, segment_id: int | None = None) -> Rule:
    """Return the rule with OfSegment in the place of each InSegment; `segment_id` is the segment it belongs to."""
    if not any(isinstance(each, InSegment) for each in rules.conditions(rule)):
        return rule
    expanded: Rule = _Expansion(kept, problems).of(rule, (), (segment_id,) if segment_id else ())
    return expanded


class _Expansion:
    """Walks one rule, and counts how large it grows."""

    def __init__(self, kept: KeptRules, problems: list[Problem]) -> None:
        self._kept = kept
        self._problems = problems
        self._count = 0

    def of(self, rule: Any, path: Path, above: tuple[int, ...]) -> Any:
        if isinstance(rule, AllOf | AnyOf):
            inside = [self.of(each, (*path, "rules", number), above) for number, each in enumerate(rule.rules)]
            return replace(rule, rules=tuple(inside))
        if isinstance(rule, Not | Someone):
            return replace(rule, rule=self.of(rule.rule, (*path, "rule"), above))
        return self._named(rule, path, above) if isinstance(rule, InSegment) else rule

    def _named(self, rule: InSegment, path: Path, above: tuple[int, ...]) -> Any:
        place = (*path, "segment")
        if rule.segment in above:
            return self._refused(place, N_("This segment names the one you are in: it would be asked of itself."))
        if len(above) > MAX_SEGMENTS_DEEP:
            return self._refused(place, N_("Segments name one another too deeply."))
        try:
            found = self._kept.find(rule.segment)
        except RulesInvalid:
            return self._refused(place, N_("The segment chosen here cannot be used as it is. Open it to see why."))
        if found is None:
            return self._refused(place, N_("This segment has been deleted."))
        self._count += sum(1 for _ in rules.conditions(found.rule))
        if self._count > MAX_EXPANDED:
            return self._refused(place, N_("The segments named here ask too much together."))
        outside, self._problems = self._problems, []
        inside = self.of(found.rule, (), (*above, rule.segment))
        wrong, self._problems = self._problems, outside
        # What is wrong in there is said where the author can do something about it: at the place that names it.
        return self._refused(place, wrong[0].message) if wrong else OfSegment(rule.segment, found.name, inside)

    def _refused(self, path: Path, message: MessageId) -> Rule:
        self._problems.append(Problem(path, message))
        return AnyOf()
