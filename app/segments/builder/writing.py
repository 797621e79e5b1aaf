"""Drafts of the builder written as rules in JSON, and rules shown as drafts, by what conditions say of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.conditions.condition_types import ConditionTypes, Offer
from app.conditions.inputs import Control, FilledIn
from app.conditions.references import Vocabulary
from app.segments.builder.drafts import ROOT, Line, LineGroup
from app.segments.builder.matches import OTHERS
from app.segments.codec import Path, Problem


@dataclass
class Written:
    """A draft as JSON values, and which place and question of the form each JSON path came from."""

    value: dict[str, Any] = field(default_factory=dict)
    places: dict[Path, str] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)

    def place_of(self, problem: Problem) -> tuple[str, str]:
        """Return the place in the form, and the control there, that a problem belongs to."""
        path = problem.path
        while path and path not in self.places:
            path = path[:-1]
        place = self.places.get(path, ROOT)
        part = str(problem.path[len(path)]) if len(problem.path) > len(path) else ""
        if part in ("field", "type") or place not in self.offers:
            return place, part
        question = self.offers[place].question
        asked = next((each for each in question.inputs if part in each.parts), None)
        return place, asked.control_of(part) if asked else "type"


@dataclass(frozen=True)
class Form:
    """The builder's form in one workspace: the conditions there are, and what they can speak about."""

    types: ConditionTypes
    vocabulary: Vocabulary

    def offer(self, line: Line) -> Offer:
        """Return the question a line asks."""
        return self.types.offer(line.what, line.op, self.vocabulary.fields)

    def filled(self, line: Line) -> FilledIn:
        """Return what is filled in on a line."""
        return FilledIn(line.words, line.what, self.vocabulary)

    def controls(self, line: Line) -> list[Control]:
        """Return what to draw for a line beside its subject and question."""
        filled = self.filled(line)
        return [control for each in self.offer(line).question.inputs for control in each.controls(filled)]

    def is_blank(self, line: Line) -> bool:
        """Say whether an input of the line that must be filled in is still empty."""
        return any(each.is_blank(self.filled(line)) for each in self.offer(line).question.inputs)

    def write(self, root: LineGroup, *, with_blanks: bool) -> Written:
        """Return the draft as JSON values; conditions still to be filled in are left out unless asked for."""
        written = Written()
        written.value = self._group(root, ROOT, (), written, with_blanks=with_blanks)
        return written

    def show(self, value: Mapping[str, Any]) -> LineGroup:
        """Return the draft that shows a rule given as JSON values."""
        shown = self._shown(value)
        return shown if isinstance(shown, LineGroup) else LineGroup("all", [shown])

    def _group(
        self, group: LineGroup, place: str, path: Path, written: Written, *, with_blanks: bool
    ) -> dict[str, Any]:
        written.places[path] = place
        is_negated, is_of_others = group.match in ("none", "not_all"), group.match.startswith(OTHERS)
        inner = (*path, "rule", "rules") if is_negated or is_of_others else (*path, "rules")
        kept: list[dict[str, Any]] = []
        for number, child in enumerate(group.items):
            at, here = f"{place}.{number}", (*inner, len(kept))
            if not with_blanks and self._is_left_out(child):
                continue
            if isinstance(child, LineGroup):
                kept.append(self._group(child, at, here, written, with_blanks=with_blanks))
            else:
                kept.append(self._line(child, at, here, written))
        value = {"type": "any" if group.match in ("any", "none") else "all", "rules": kept}
        if is_of_others:
            return {"type": "someone", "circle": group.match.removeprefix(OTHERS), "rule": value}
        return {"type": "not", "rule": value} if is_negated else value

    def _line(self, line: Line, place: str, path: Path, written: Written) -> dict[str, Any]:
        offer = written.offers[place] = self.offer(line)
        written.places[path] = place
        value: dict[str, Any] = {"type": offer.condition.type, **offer.question.values}
        if offer.condition.subject is None:
            value["field"] = line.what
        for each in offer.question.inputs:
            value |= each.read(self.filled(line))
        if not offer.question.is_negated:
            return value
        written.places[*path, "rule"] = place
        return {"type": "not", "rule": value}

    def _is_left_out(self, item: Line | LineGroup) -> bool:
        """Say whether there is nothing in it yet that could be asked."""
        if isinstance(item, Line):
            return self.is_blank(item)
        return all(self._is_left_out(child) for child in item.items)

    def _shown(self, value: Mapping[str, Any]) -> Line | LineGroup:
        kind = value["type"]
        if kind in ("all", "any"):
            return LineGroup(kind, [self._shown(inside) for inside in value.get("rules", ())])
        if kind == "not":
            return self._opposite(value["rule"])
        if kind == "someone":
            inside = self._shown(value["rule"])
            items = inside.items if isinstance(inside, LineGroup) and inside.match == "all" else [inside]
            return LineGroup(f"{OTHERS}{value['circle']}", items)
        offer = self._offer_of(value, is_negated=False)
        # A condition that is no longer known is shown by its name, and the author told.
        return _line_of(offer, value) if offer else Line(kind, kind)

    def _opposite(self, value: Mapping[str, Any]) -> Line | LineGroup:
        offer = self._offer_of(value, is_negated=True)
        if offer:
            return _line_of(offer, value)
        shown = self._shown(value)
        if isinstance(shown, LineGroup) and shown.match in ("all", "any"):
            return LineGroup("not_all" if shown.match == "all" else "none", shown.items)
        return LineGroup("none", [shown])

    def _offer_of(self, value: Mapping[str, Any], *, is_negated: bool) -> Offer | None:
        condition = self.types.find(value["type"])
        return self.types.shown(condition, value, is_negated=is_negated) if condition else None


def _line_of(offer: Offer, value: Mapping[str, Any]) -> Line:
    subject = offer.condition.subject
    words = {name: word for each in offer.question.inputs for name, word in each.show(value).items()}
    return Line(subject.name if subject else value["field"], offer.question.op, words)
