"""The page that compares two or three segments: their overlap as a picture and as a table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import g, request, url_for
from flask_babel import gettext as _

from app.kernel import ids
from app.kernel.services import services
from app.segments import segments
from app.segments.comparing import comparison, venn
from app.segments.comparing.comparison import Overlap
from app.segments.segments import SegmentUnusable
from app.segments.views.blueprint import bp
from app.web import errors, guard, shell


@dataclass(frozen=True)
class Part:
    """One line of the table: who is in these and in none of the others, and a segment of just them."""

    names: list[str]
    without: list[str]
    people: int
    rules: str


@bp.get("/segments/compare")
@guard.role("viewer")
def compare() -> str:
    """Show how the segments named by `with` overlap; with fewer than two, only the choice of them."""
    wanted = list(dict.fromkeys(each for each in request.args.getlist("with", type=ids.read) if each))
    chosen, now = wanted[: comparison.MOST], services().clock.now()
    problem, found = "", None
    with services().database.transaction(g.workspace.id, reading=True) as session:
        offered = [(segment.id, segment.name) for segment in segments.list_all(session, g.workspace.id)]
        names = segments.names(session, g.workspace.id, chosen)
        chosen = [each for each in chosen if each in names]
        if len(chosen) >= comparison.FEWEST:
            try:
                members = [segments.members_query(session, g.workspace.id, each, now) for each in chosen]
                found = comparison.overlap(session, members)
            except SegmentUnusable as refusal:
                problem = errors.say(refusal)
    return shell.page(
        "segments/compare.html",
        offered=offered,
        chosen=chosen,
        names=names,
        problem=problem,
        may_edit=g.role in ("marketer", "owner"),
        **(_picture(found, chosen, names) if found else {"found": None}),
    )


def _picture(found: Overlap, chosen: list[int], names: dict[int, str]) -> dict[str, Any]:
    """Return the circles, and the table's lines from most segments to fewest."""
    positions = range(len(chosen))
    keys = sorted(range(1, 1 << len(chosen)), key=lambda key: (-key.bit_count(), key))
    sizes = [(chosen[each], names[chosen[each]], found.size(each)) for each in positions]
    return {
        "found": found,
        "sizes": sizes,
        "circles": venn.circles(found),
        "box": f"0 0 {venn.WIDTH:g} {venn.HEIGHT:g}",
        "parts": [_part(key, found, chosen, names) for key in keys],
        "shared": found.shared(*positions),
        "said": _said(found, sizes),
    }


def _part(key: int, found: Overlap, chosen: list[int], names: dict[int, str]) -> Part:
    inside = [each for position, each in enumerate(chosen) if key >> position & 1]
    outside = [each for each in chosen if each not in inside]
    rules = [{"type": "in_segment", "segment": each} for each in inside]
    without = [{"type": "not", "rule": {"type": "in_segment", "segment": each}} for each in outside]
    text = json.dumps({"type": "all", "rules": [*rules, *without]})
    people = found.parts.get(key, 0)
    link = url_for("segments.new", rules=text)
    return Part([names[each] for each in inside], [names[each] for each in outside], people, link)


def _said(found: Overlap, sizes: list[tuple[int, str, int]]) -> str:
    """Return the picture in words, for who cannot see it."""
    circles = "; ".join(f"{name}: {size}" for _id, name, size in sizes)
    shared = found.shared(*range(found.count))
    return str(_("%(circles)s. In all of them: %(shared)s.", circles=circles, shared=shared))
