"""Unfinished rules as the builder's form holds them: a tree of groups and conditions.

A condition keeps the words typed, right or wrong; `writing` turns them into what the codec reads, and back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from app.conditions.limits import MAX_DEPTH, MAX_RULES
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_
from app.segments.builder.matches import MATCHES

ROOT = "r"


@dataclass
class Line:
    """One line of the builder: the subject asked about, the question, and the words in its inputs by name."""

    what: str = "country"
    op: str = ""
    words: dict[str, str] = field(default_factory=dict)
    # The page puts the focus here: it was just added, or stands where something was taken away.
    is_focused: bool = field(default=False, compare=False)


@dataclass
class LineGroup:
    """Some lines that belong together; `match` is all, any, none or not_all."""

    match: str = "all"
    items: list[Line | LineGroup] = field(default_factory=list)
    is_focused: bool = field(default=False, compare=False)


def empty() -> LineGroup:
    """Return what a new segment begins with."""
    return LineGroup("all", [Line()])


class DraftTooLarge(Refusal):
    """The form holds more conditions and groups than a rule may have; it is not looked at any further."""

    status = 422
    message = N_("A segment has at most %(most)s conditions and groups. Take some out first.")


def from_form(form: Mapping[str, str]) -> LineGroup:
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


def change(root: LineGroup, wish: str) -> None:
    """Do what a button says, as `add@r.1`: add, group, copy, nest, up, down or remove.

    A place that is not there is passed over. Up and down move an item past its neighbour, into a group that stands
    there, and out of its own group at the ends.

    Raise DraftTooLarge instead of growing past what could be read back.
    """
    act, _, place = wish.partition("@")
    steps = place.split(".")[1:]
    if len(steps) > MAX_DEPTH or not all(step.isascii() and step.isdigit() and len(step) < 4 for step in steps):
        return
    parent, here = _find(root, [int(step) for step in steps])
    if act == "add" and isinstance(here, LineGroup):
        here.items.append(Line(is_focused=True))
    elif act == "group" and isinstance(here, LineGroup):
        here.items.append(LineGroup("any", [Line(is_focused=True)]))
    elif act == "copy" and parent and here:
        parent.items.insert(int(steps[-1]) + 1, deepcopy(here))
    elif act == "nest" and parent and here and len(steps) + _depth(here) < MAX_DEPTH:
        parent.items[int(steps[-1])] = LineGroup("any", [_focused(here)])
    elif act in ("up", "down") and parent and here:
        _move(root, [int(step) for step in steps], -1 if act == "up" else 1)
    elif act == "remove" and parent and here:
        _remove(parent, int(steps[-1]))
    if _size(root) > MAX_RULES + 1:
        raise DraftTooLarge(most=MAX_RULES)


def lines(group: LineGroup) -> Iterator[Line]:
    """Walk every line of a tree."""
    for item in group.items:
        if isinstance(item, LineGroup):
            yield from lines(item)
        else:
            yield item


def _group(places: Mapping[str, dict[str, str]], at: str, depth: int) -> LineGroup:
    match = places.get(at, {}).get("match", "all")
    group = LineGroup(match if match in MATCHES else "all")
    for number in range(MAX_RULES):
        place = f"{at}.{number}"
        inputs = places.get(place, {})
        if "match" in inputs and depth < MAX_DEPTH:
            group.items.append(_group(places, place, depth + 1))
        elif "what" in inputs:
            group.items.append(_line(inputs))
        else:
            break
    return group


def _remove(parent: LineGroup, position: int) -> None:
    """Take an item out; what now stands there, or else the one before, or else the group, gets the focus."""
    parent.items.pop(position)
    neighbour = parent.items[min(position, len(parent.items) - 1)] if parent.items else parent
    neighbour.is_focused = True


def _move(root: LineGroup, steps: list[int], by: int) -> None:
    """Move an item one place up or down; at the ends of an inner group it leaves it."""
    parent, here = _find(root, steps)
    assert parent is not None
    assert here is not None
    position, target = steps[-1], steps[-1] + by
    if 0 <= target < len(parent.items):
        neighbour = parent.items[target]
        parent.items.pop(position)
        if isinstance(neighbour, LineGroup) and len(steps) + _depth(here) < MAX_DEPTH:
            neighbour.items.insert(len(neighbour.items) if by < 0 else 0, here)
        else:
            parent.items.insert(target, here)
    elif len(steps) > 1:
        grandparent = _find(root, steps[:-1])[0]
        assert grandparent is not None
        parent.items.pop(position)
        grandparent.items.insert(steps[-2] + (0 if by < 0 else 1), here)
    _focused(here)


def _focused(item: Line | LineGroup) -> Line | LineGroup:
    item.is_focused = True
    return item


def _depth(item: Line | LineGroup) -> int:
    return 1 + max(map(_depth, item.items), default=0) if isinstance(item, LineGroup) else 0


def to_form(item: Line | LineGroup, at: str = ROOT) -> dict[str, str]:
    """Return the inputs of the builder that stand for a tree, as `from_form` reads them."""
    if isinstance(item, Line):
        words = {f"{at}-{name}": word for name, word in item.words.items()}
        return {f"{at}-what": item.what, f"{at}-op": item.op} | words
    form = {f"{at}-match": item.match}
    for number, child in enumerate(item.items):
        form |= to_form(child, f"{at}.{number}")
    return form


def _size(item: Line | LineGroup) -> int:
    return 1 + sum(map(_size, item.items)) if isinstance(item, LineGroup) else 1


def _line(inputs: Mapping[str, str]) -> Line:
    words = dict(inputs)
    what, op = words.pop("what"), words.pop("op", "")
    if words.pop("was", what) != what:
        # Another thing is asked about now: the old question and its words mean nothing any more.
        return Line(what)
    return Line(what, op, words)


def _find(root: LineGroup, steps: list[int]) -> tuple[LineGroup | None, Line | LineGroup | None]:
    parent: LineGroup | None = None
    here: Line | LineGroup = root
    for step in steps:
        if not isinstance(here, LineGroup) or step >= len(here.items):
            return None, None
        parent, here = here, here.items[step]
    return parent, here
