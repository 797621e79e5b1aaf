"""The builder's form loses nothing on the way to a rule and back."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any as Anything

from hypothesis import given, settings

from app.segments import codec, rules, schema
from app.segments.builder import builder, drafts
from app.segments.builder.drafts import Line, LineGroup
from app.segments.builder.writing import Form
from app.segments.compiler import Population
from app.segments.rules import Rule
from tests.factories import conditions
from tests.factories.conditions import FIELDS, TYPES, VOCABULARY, speaking_of
from tests.factories.segments import NOON, form_of
from tests.factories.segments.any_rule import some_rule

FORM = Form(TYPES, VOCABULARY)
POPULATION = Population(1, FIELDS, NOON)
COLUMNS = ("city", "spent", "created_at")


def test_the_form_reads_back_what_was_shown() -> None:
    tree = LineGroup(
        "none", [Line("city", "is", {"value": "Berlin"}), LineGroup("any", [Line("tags", "has_tag", {})])]
    )

    assert drafts.from_form(form_of(tree)) == tree


@settings(max_examples=60, deadline=None)
@given(rule=some_rule(7))
def test_a_rule_shown_in_the_builder_means_the_same_when_saved(rule: Rule) -> None:
    """Through the tree, the form's inputs and back: shape may change, meaning may not."""
    form = Form(TYPES, speaking_of(kinds()))
    written = form.write(drafts.from_form(form_of(form.show(codec.dump(rule)))), with_blanks=True)

    assert normal(codec.load(written.value, TYPES)) == normal(rule)


def test_buttons_change_the_tree() -> None:
    tree = LineGroup("all", [Line("city", "is", {"value": "x"})])
    drafts.change(tree, "copy@r.0")
    drafts.change(tree, "group@r")
    drafts.change(tree, "add@r.2")
    drafts.change(tree, "remove@r.0")

    assert tree.items[0] == Line("city", "is", {"value": "x"})
    assert isinstance(tree.items[1], LineGroup)
    assert len(tree.items[1].items) == 2


def test_asking_about_something_else_forgets_the_old_question() -> None:
    form = {"r-match": "all", "r.0-was": "city", "r.0-what": "spent", "r.0-op": "contains", "r.0-value": "Berlin"}

    assert drafts.from_form(form).items == [Line("spent")]


def test_a_button_for_a_place_that_is_gone_does_nothing() -> None:
    for wish in ("remove@r", "remove@r.7", "add@r.0.0", "copy@r.x", "drop@r.0", "", "remove@", "remove@r.-1"):
        tree = drafts.empty()
        drafts.change(tree, wish)

        assert tree == drafts.empty()


def test_what_is_still_empty_is_left_out_of_the_count_but_not_of_what_is_saved() -> None:
    tree = LineGroup("all", [Line("city", "is", {"value": ""}), Line("spent", "greater_than", {"value": "5"})])
    loose = builder.read(tree, FORM, POPULATION, strict=False)
    strict = builder.read(tree, FORM, POPULATION, strict=True)

    assert loose.compiled
    assert loose.compiled.rule == rules.AllOf((conditions.GreaterThan("spent", Decimal(5)),))
    assert (loose.blanks, strict.compiled) == (1, None)
    assert strict.problems == {"r.0": {"value": ("Enter some text.", {})}}


def test_a_mistake_is_shown_where_it_was_made() -> None:
    tree = LineGroup(
        "none",
        [
            Line("city", "is", {}),
            LineGroup("any", [Line("spent", "greater_than", {"value": "many"})]),
            Line("created_at", "within_last", {"days": "soon"}),
        ],
    )
    reading = builder.read(tree, FORM, POPULATION, strict=False)

    assert {place: set(parts) for place, parts in reading.problems.items()} == {"r.1.0": {"value"}, "r.2": {"days"}}


def test_the_published_schema_is_the_one_we_read_by() -> None:
    published = Path(__file__).parents[3] / "docs" / "segment-rules.schema.json"

    assert json.loads(published.read_text()) == schema.of_rules(TYPES)


def kinds() -> dict[str, Anything]:
    extra = {"custom.size": "number", "custom.joined": "date", "custom.member": "boolean", "custom.colour": "text"}
    return FIELDS | {name: replace(FIELDS["city"], name=name, kind=kind) for name, kind in extra.items()}


def normal(rule: Rule) -> Rule:
    """Undo what the builder may do to a rule's shape: a group around one, not-not, a verdict that cannot matter."""
    if isinstance(rule, rules.Not):
        inner = normal(rule.rule)
        return inner.rule if isinstance(inner, rules.Not) else rules.Not(inner)
    if isinstance(rule, rules.AllOf | rules.AnyOf):
        inside = tuple(normal(child) for child in rule.rules)
        return inside[0] if len(inside) == 1 else type(rule)(inside)
    if isinstance(rule, conditions.Did) and rule.kind not in ("open", "click", "reply"):
        return replace(rule, verdict="human")
    return rule
