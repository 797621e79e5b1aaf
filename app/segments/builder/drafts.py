"""Unfinished rules as the builder's form holds them: a tree of groups and conditions.

A condition keeps the words typed, right or wrong; only `rules_of` turns them into what the codec reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from app.customers.profiles.fields import FieldInfo
from app.kernel.refusals import Refusal
from app.segments.builder import vocabulary
from app.segments.codec import Path, Problem
from app.segments.conditions.limits import MAX_DEPTH, MAX_RULES

ROOT = "r"


@dataclass
class Condition:
    """One line of the builder: what is asked about, how, and the words in its inputs by name."""

    what: str = "country"
    op: str = ""
    words: dict[str, str] = field(default_factory=dict)
    # The page puts the focus here: it was just added, or stands where something was taken away.
    is_focused: bool = field(default=False, compare=False)

    def is_blank(self, fields: Mapping[str, FieldInfo]) -> bool:
        """Say whether an input that must be filled in is still empty."""
        asked = vocabulary.question(self.what, self.op, fields)
        must = [name for name in asked.inputs if not (name in ("days", "verdict") and "at_least" in asked.inputs)]
        return any(not self.words.get(name, "").strip() for name in must)


@dataclass
class Group:
    """Some lines that belong together; `match` is all, any, none or not_all."""

    match: str = "all"
    items: list[Condition | Group] = field(default_factory=list)
    is_focused: bool = field(default=False, compare=False)


def empty() -> Group:
    """Return what a new segment begins with."""
    return Group("all", [Condition()])


class DraftTooLarge(Refusal):
    """The form holds more conditions and groups than a rule may have; it is not looked at any further."""

    status = 422
    message = "A segment has at most %(most)s conditions and groups. Take some out first."


def from_form(form: Mapping[str, str]) -> Group:
    """Read the tree back from the builder's inputs: `r-match`, `r.0-what`, `r.0-op`, `r.0-value`, `r.1-match`, ...

    Several values of one input are lines of its text. Inputs are sorted by place in one pass; raise DraftTooLarge.
    """
    places: dict[str, dict[str, str]] = {}
    for name, value in form.items():
        place, dash, part = name.partition("-")
        if dash and (place == ROOT or place.startswith(f"{ROOT}.")):
            places.setdefault(place, {})[part] = value
    if len(places) > MAX_RULES + 1:
        raise DraftTooLarge(most=MAX_RULES)
    return _group(places, ROOT, 1)


def change(root: Group, wish: str) -> None:
    """Do what a button says, as `add@r.1`: add, group, copy or remove. A place that is not there is passed over.

    Raise DraftTooLarge instead of growing past what could be read back.
    """
    act, _, place = wish.partition("@")
    steps = place.split(".")[1:]
    if len(steps) > MAX_DEPTH or not all(step.isascii() and step.isdigit() and len(step) < 4 for step in steps):
        return
    parent, here = _find(root, [int(step) for step in steps])
    if act == "add" and isinstance(here, Group):
        here.items.append(Condition(is_focused=True))
    elif act == "group" and isinstance(here, Group):
        here.items.append(Group("any", [Condition(is_focused=True)]))
    elif act == "copy" and parent and here:
        parent.items.insert(int(steps[-1]) + 1, deepcopy(here))
    elif act == "remove" and parent and here:
        _remove(parent, int(steps[-1]))
    if _size(root) > MAX_RULES + 1:
        raise DraftTooLarge(most=MAX_RULES)


def from_rules(value: Mapping[str, Any]) -> Group:
    """Return the tree that shows a rule given as JSON values the codec has accepted."""
    shown = _shown(value)
    return shown if isinstance(shown, Group) else Group("all", [shown])


@dataclass
class Written:
    """A tree as JSON values, and which place of the form each JSON path came from."""

    value: dict[str, Any]
    places: dict[Path, str]

    def place_of(self, problem: Problem) -> tuple[str, str]:
        """Return the place in the form and the input a problem belongs to."""
        path = problem.path
        while path and path not in self.places:
            path = path[:-1]
        last = problem.path[-1] if problem.path else ""
        return self.places.get(path, ROOT), str(last)


def rules_of(root: Group, fields: Mapping[str, FieldInfo], *, with_blanks: bool) -> Written:
    """Return the tree as JSON values; conditions still to be filled in are left out unless asked for."""
    places: dict[Path, str] = {}
    return Written(_write(root, fields, with_blanks, ROOT, (), places), places)


def conditions(group: Group) -> Iterator[Condition]:
    """Walk every condition of a tree."""
    for item in group.items:
        if isinstance(item, Group):
            yield from conditions(item)
        else:
            yield item


def _group(places: Mapping[str, dict[str, str]], at: str, depth: int) -> Group:
    match = places.get(at, {}).get("match", "all")
    group = Group(match if match in vocabulary.MATCHES else "all")
    for number in range(MAX_RULES):
        place = f"{at}.{number}"
        inputs = places.get(place, {})
        if "match" in inputs and depth < MAX_DEPTH:
            group.items.append(_group(places, place, depth + 1))
        elif "what" in inputs:
            group.items.append(_condition(inputs))
        else:
            break
    return group


def _remove(parent: Group, position: int) -> None:
    """Take an item out; what now stands there, or else the one before, or else the group, gets the focus."""
    parent.items.pop(position)
    beside = parent.items[min(position, len(parent.items) - 1)] if parent.items else parent
    beside.is_focused = True


def _size(item: Condition | Group) -> int:
    return 1 + sum(map(_size, item.items)) if isinstance(item, Group) else 1


def _condition(inputs: Mapping[str, str]) -> Condition:
    words = dict(inputs)
    what, op = words.pop("what"), words.pop("op", "")
    if words.pop("was", what) != what:
        # Another thing is asked about now: the old question and its words mean nothing any more.
        return Condition(what)
    return Condition(what, op, words)


def _find(root: Group, steps: list[int]) -> tuple[Group | None, Condition | Group | None]:
    parent: Group | None = None
    here: Condition | Group = root
    for step in steps:
        if not isinstance(here, Group) or step >= len(here.items):
            return None, None
        parent, here = here, here.items[step]
    return parent, here


def _write(
    item: Condition | Group,
    fields: Mapping[str, FieldInfo],
    with_blanks: bool,
    place: str,
    path: Path,
    places: dict[Path, str],
) -> dict[str, Any]:
    places[path] = place
    if isinstance(item, Condition):
        value = _asked(item, fields)
        if value["type"] == "not":
            places[*path, "rule"] = place
        return value
    is_negated = item.match in ("none", "not_all")
    inner = (*path, "rule", "rules") if is_negated else (*path, "rules")
    kept: list[dict[str, Any]] = []
    for number, child in enumerate(item.items):
        if with_blanks or not _is_left_out(child, fields):
            here = (*inner, len(kept))
            kept.append(_write(child, fields, with_blanks, f"{place}.{number}", here, places))
    group = {"type": "any" if item.match in ("any", "none") else "all", "rules": kept}
    return {"type": "not", "rule": group} if is_negated else group


def _is_left_out(item: Condition | Group, fields: Mapping[str, FieldInfo]) -> bool:
    """Say whether there is nothing in it yet that could be asked."""
    if isinstance(item, Condition):
        return item.is_blank(fields)
    return all(_is_left_out(child, fields) for child in item.items)


def _asked(item: Condition, fields: Mapping[str, FieldInfo]) -> dict[str, Any]:
    """Return one condition as JSON values."""
    asked = vocabulary.question(item.what, item.op, fields)
    words = {name: item.words.get(name, "").strip() for name in asked.inputs}
    days = {"days": _whole(words["days"])} if words.get("days") else {}
    if item.what == vocabulary.TAGS:
        tag = {"type": "has_tag", "tag": words["tag"]}
        return tag if asked.op == "has_tag" else {"type": "not", "rule": tag}
    if item.what == vocabulary.PERMISSION:
        purpose, _, topic = words["subject"].partition(":")
        return {"type": "permission", "purpose": purpose, "topic": _whole(topic or "0"), "state": asked.op}
    if item.what == vocabulary.PURCHASES:
        return {"type": "purchased", "measure": asked.op, "at_least": words["at_least"], **days}
    if item.what == vocabulary.DEEDS:
        verdict = {"verdict": words["verdict"] or "human"} if "verdict" in words else {}
        return {"type": "did", "kind": asked.op, "at_least": _whole(words["at_least"]), **days, **verdict}
    if "days" in words:
        return {"type": asked.op, "field": item.what, "days": _whole(words["days"])}
    kind = vocabulary.kind_of(item.what, fields)
    values = {name: _typed(word, name, kind) for name, word in words.items()}
    return {"type": asked.op, "field": item.what, **values}


def _typed(word: str, name: str, kind: str) -> Any:
    """Return the word as the field's kind has it; one that does not fit stays as typed, for the codec to refuse."""
    if name == "values":
        parts = [part.strip() for part in word.splitlines()]
        return [_typed(part, "value", kind) for part in parts if part]
    if kind == "number":
        return _number(word)
    if kind == "boolean":
        return {"yes": True, "no": False}.get(word, word)
    return word


def _number(word: str) -> Decimal | str:
    try:
        return Decimal(word.replace(" ", ""))
    except InvalidOperation:
        return word


def _whole(word: str) -> int | str:
    return int(word) if word.isascii() and word.isdigit() and len(word) < 19 else word


def _shown(value: Mapping[str, Any]) -> Condition | Group:
    kind = value["type"]
    if kind in ("all", "any"):
        return Group(kind, [_shown(inside) for inside in value["rules"]])
    if kind == "not":
        return _opposite(value["rule"])
    if kind == "has_tag":
        return Condition(vocabulary.TAGS, "has_tag", {"tag": value["tag"]})
    if kind == "permission":
        subject = f"{value['purpose']}:{value['topic']}" if value["topic"] else value["purpose"]
        return Condition(vocabulary.PERMISSION, value["state"], {"subject": subject})
    words = {name: _word(given) for name, given in value.items() if name not in ("type", "field") and given is not None}
    if kind == "purchased":
        return Condition(vocabulary.PURCHASES, words.pop("measure"), words)
    if kind == "did":
        return Condition(vocabulary.DEEDS, words.pop("kind"), words)
    return Condition(value["field"], kind, words)


def _opposite(value: Mapping[str, Any]) -> Condition | Group:
    shown = _shown(value)
    if isinstance(shown, Group) and shown.match in ("all", "any"):
        return Group("not_all" if shown.match == "all" else "none", shown.items)
    if isinstance(shown, Condition) and shown.op == "has_tag":
        return Condition(shown.what, "lacks_tag", shown.words)
    return Group("none", [shown])


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "\n".join(str(item) for item in value) if isinstance(value, list) else str(value)
