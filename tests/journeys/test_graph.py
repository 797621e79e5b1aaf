"""Whatever is done to a graph, its steps keep their ids, nobody stands nowhere, and it reads back as it was kept."""

from __future__ import annotations

import json
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from pydantic import ValidationError

from app.journeys.graph import MOST_STEPS, Edge, Graph, TooManySteps
from app.journeys.steps.task import Task
from app.journeys.steps.wait import Wait
from app.kernel.refusals import NotFound
from tests.factories.journeys import a_mail

STEPS = st.one_of(
    st.integers(1, 365).map(lambda days: Wait(days=days)),
    st.text(min_size=1, max_size=20).map(lambda title: Task(title=title)),
    st.text(min_size=1, max_size=20).map(lambda subject: a_mail(subject, "Text")),
)


class Editing(RuleBasedStateMachine):
    """A linear draft under any edits is the list that the same edits make of a list."""

    def __init__(self) -> None:
        super().__init__()
        self.graph = Graph()
        self.expected: list[tuple[str, object]] = []

    @precondition(lambda self: len(self.expected) < 12)
    @rule(step=STEPS, data=st.data())
    def insert(self, step, data) -> None:
        after = data.draw(st.sampled_from([None, *self.ids()]))
        self.graph, made = self.graph.inserted(step, after=after)
        place = len(self.expected) if after is None else self.ids().index(after) + 1
        self.expected.insert(place, (made, step))

    @precondition(lambda self: self.expected)
    @rule(data=st.data(), by=st.sampled_from([-1, 1]))
    def move(self, data, by) -> None:
        place = data.draw(st.integers(0, len(self.expected) - 1))
        self.graph = self.graph.moved(self.expected[place][0], by=by)
        step = self.expected.pop(place)
        self.expected.insert(max(0, min(place + by, len(self.expected))), step)

    @precondition(lambda self: self.expected)
    @rule(data=st.data())
    def remove(self, data) -> None:
        place = data.draw(st.integers(0, len(self.expected) - 1))
        self.graph = self.graph.removed(self.expected.pop(place)[0])

    @precondition(lambda self: self.expected)
    @rule(data=st.data(), title=st.text(min_size=1, max_size=9))
    def change(self, data, title) -> None:
        place = data.draw(st.integers(0, len(self.expected) - 1))
        key, step = self.expected[place]
        rewritten = Task(title=title)
        if isinstance(step, Task):
            self.graph = self.graph.changed(key, rewritten)
            self.expected[place] = (key, rewritten)
        else:
            with pytest.raises(NotFound):
                self.graph.changed(key, rewritten)

    def ids(self) -> list[str]:
        return [key for key, _ in self.expected]

    @invariant()
    def it_is_the_list(self) -> None:
        shown = self.graph.in_order()
        assert [(each.id, each.step) for each in shown] == self.expected
        assert [each.number for each in shown] == list(range(1, len(shown) + 1))
        assert not self.graph.unreachable()
        assert not self.graph.rushing()

    @invariant()
    def it_reads_back_as_it_was_kept(self) -> None:
        assert Graph.model_validate(json.loads(self.graph.model_dump_json())) == self.graph


TestEditing = Editing.TestCase


@given(st.data())
def test_walking_any_graph_ends_and_meets_each_step_that_can_be_reached_once(data):
    count = data.draw(st.integers(1, 8))
    keys = [f"s{number}" for number in range(count)]
    targets = data.draw(st.lists(st.sampled_from([None, *keys]), min_size=count, max_size=count))
    steps = {key: data.draw(STEPS) for key in keys}
    edges = [Edge(source=key, target=target) for key, target in zip(keys, targets, strict=True) if target]
    graph = Graph(start="s0", steps=steps, edges=tuple(edges))

    met, here = [], "s0"
    while here is not None and here not in met:
        met.append(here)
        here = graph.following(here)

    assert [each.id for each in graph.in_order()] == met
    assert graph.unreachable() == set(keys) - set(met)
    circles = any(_comes_back_at_once(graph, key) for key in keys)
    assert bool(graph.rushing()) == circles


def _comes_back_at_once(graph: Graph, key: str) -> bool:
    """Follow the edges from a step: does one come back to it without a wait?"""
    here, seen = key, set()
    while here is not None and here not in seen and not graph.get(here).delay():
        seen.add(here)
        here = graph.following(here)
        if here == key:
            return True
    return False


@pytest.mark.parametrize(
    "graph",
    [
        {"start": "a"},
        {"steps": {"a": {"kind": "wait", "days": 1}}},
        {"start": "b", "steps": {"a": {"kind": "wait", "days": 1}}},
        {"start": "a", "steps": {"a": {"kind": "wait", "days": 0}}},
        {"start": "a", "steps": {"a": {"kind": "wait", "days": 366}}},
        {"start": "a", "steps": {"a": {"kind": "jump"}}},
        {"start": "a", "steps": {"a": {"kind": "wait", "days": 1, "hours": 2}}},
        {"start": "A", "steps": {"A": {"kind": "wait", "days": 1}}},
        {"start": "a", "steps": {"a": {"kind": "wait", "days": 1}}, "edges": [{"source": "a", "target": "b"}]},
        {"start": "a", "steps": {"a": {"kind": "wait", "days": 1}}, "edges": [{"source": "a", "target": "a"}] * 2},
        {
            "start": "a",
            "steps": {"a": {"kind": "wait", "days": 1}},
            "edges": [{"source": "a", "target": "a", "outcome": "yes"}],
        },
        {"schema_version": 2},
    ],
)
def test_a_graph_that_does_not_hold_together_is_refused(graph):
    with pytest.raises(ValidationError):
        Graph.model_validate(graph)


def test_a_journey_has_sixty_steps_at_most():
    graph = Graph()
    for _ in range(MOST_STEPS):
        graph, _made = graph.inserted(Wait(days=1))

    with pytest.raises(TooManySteps):
        graph.inserted(Wait(days=1))


@pytest.mark.parametrize("act", [Graph.removed, lambda graph, key: graph.moved(key, by=1), Graph.get])
def test_a_step_that_is_not_there_is_not_found(act):
    with pytest.raises(NotFound):
        act(Graph(), "gone")


def test_the_published_schema_is_up_to_date():
    published = Path(__file__).parents[2] / "docs" / "journey-graph.schema.json"

    assert json.loads(published.read_text()) == Graph.model_json_schema()
