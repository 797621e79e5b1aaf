"""Counts of each condition and group of a draft by itself, in one pass over the customers."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.segments import codec, compiler
from app.segments.builder.drafts import ROOT, Line, LineGroup
from app.segments.builder.writing import Form
from app.segments.codec import RulesInvalid
from app.segments.compiler import Population
from app.segments.rules import Rule

MOST = 40


def read(draft: LineGroup, form: Form, population: Population, *, segment_id: int | None = None) -> dict[str, Rule]:
    """Return the rule of each condition and inner group that can be asked by itself, by its place in the form."""
    found: dict[str, Rule] = {}
    for place, item in list(_items(draft, ROOT))[:MOST]:
        written = form.write(LineGroup("all", [item]), with_blanks=False)
        if not written.value["rules"]:
            continue
        try:
            rule = codec.load(written.value, form.types)
        except RulesInvalid:
            continue
        if not compiler.compile_rule(rule, population, segment_id=segment_id).problems:
            found[place] = rule
    return found


def count(session: Session, population: Population, rules: dict[str, Rule]) -> dict[str, int]:
    """Return how many customers each of these rules matches; run it under the reader role."""
    statement = compiler.counts_query(list(rules.values()), population) if rules else None
    if statement is None:
        return {}
    row = session.execute(statement).one()
    return {place: int(row[number] or 0) for number, place in enumerate(rules)}


def _items(group: LineGroup, at: str) -> list[tuple[str, Line | LineGroup]]:
    found: list[tuple[str, Line | LineGroup]] = []
    for number, item in enumerate(group.items):
        place = f"{at}.{number}"
        found.append((place, item))
        if isinstance(item, LineGroup):
            found += _items(item, place)
    return found
