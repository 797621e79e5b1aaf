"""Conditions and groups are moved, put into groups and brought back by buttons, whatever is asked in which order."""

from __future__ import annotations

import json
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from app.conditions.limits import MAX_DEPTH
from app.segments.builder import drafts, steps_back
from app.segments.builder.drafts import DraftTooLarge, Line, LineGroup
from tests.factories.segments import form_of


def line(name):
    return Line("city", "is", {"value": name})


def shape(item):
    """Return a tree as nested lists of the values asked for."""
    return [shape(each) for each in item.items] if isinstance(item, LineGroup) else item.words["value"]


def tree():
    return LineGroup("all", [line("a"), LineGroup("any", [line("b"), line("c")]), line("d")])


def moved(*wishes):
    draft = tree()
    for wish in wishes:
        drafts.change(draft, wish)
    return shape(draft)


def test_items_pass_their_neighbours_and_go_in_and_out_of_groups():
    assert moved("down@r.1.0") == ["a", ["c", "b"], "d"]
    assert moved("down@r.0") == [["a", "b", "c"], "d"]
    assert moved("up@r.2") == ["a", ["b", "c", "d"]]
    assert moved("up@r.1.0") == ["a", "b", ["c"], "d"]
    assert moved("down@r.1.1") == ["a", ["b"], "c", "d"]
    assert moved("up@r.1") == [["b", "c"], "a", "d"]
    assert moved("nest@r.0") == [["a"], ["b", "c"], "d"]


def test_what_cannot_move_stays():
    for wish in ("up@r.0", "down@r.2", "up@r", "down@r", "nest@r", "up@r.9", "down@r.0.0", "up@r.1.7"):
        assert moved(wish) == shape(tree())


@given(st.lists(st.tuples(st.sampled_from(("up", "down", "nest", "copy", "group", "remove")),
                          st.lists(st.integers(0, 3), max_size=5)), max_size=25))  # fmt: skip
def test_moves_lose_nobody_and_keep_within_what_is_read_back(wishes):
    draft = tree()
    for act, steps in wishes:
        before = sorted(each.words.get("value", "") for each in drafts.lines(draft))
        try:
            drafts.change(draft, ".".join([f"{act}@r", *map(str, steps)]))
        except DraftTooLarge:
            return
        after = sorted(each.words.get("value", "") for each in drafts.lines(draft))
        assert act not in ("up", "down", "nest") or before == after
        if drafts._depth(draft) <= MAX_DEPTH:
            assert drafts.from_form(drafts.to_form(draft)) == draft


def test_a_form_is_written_as_tests_write_it():
    assert drafts.to_form(tree()) == form_of(tree())


def test_steps_are_kept_bounded_and_odd_ones_are_none():
    kept = ""
    for number in range(steps_back.MOST + 5):
        kept = steps_back.add(steps_back.read(kept), LineGroup("all", [line(str(number))]))
    assert len(steps_back.read(kept)) == steps_back.MOST
    long = LineGroup("all", [line("x" * steps_back.LARGEST)])
    assert steps_back.add(steps_back.read(kept), long) == ""
    for odd in ("", "{", "[1, [], {}]", "{}", json.dumps([{"r-match": 1}]), "[" * 100_000, "x" * 200_000):
        assert all(isinstance(each, dict) for each in steps_back.read(odd))


def test_undo_brings_back_what_a_button_took(client):
    form = form_of(tree())
    removed = client.post("/segments/draft", data={**form, "do": "remove@r.1"}).text
    kept = unescape(removed.split('name="steps_back" value="')[1].split('"')[0])
    assert 'name="r.1.1-value"' not in removed
    back = client.post("/segments/draft", data={"r-match": "all", "steps_back": kept, "do": "undo"}).text

    assert 'name="r.1.1-value"' in back
    assert 'value="undo"' not in back
