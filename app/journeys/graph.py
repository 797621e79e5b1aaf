"""The graph of a journey: steps by ids that never change, and the edges people go along.

A graph is a value: editing one gives another. The draft's and every published version's is kept as JSON
(`docs/journey-graph.schema.json`).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.journeys.steps.kinds import AnyStep
from app.journeys.steps.step import NEXT
from app.kernel.refusals import NotFound, Refusal
from app.kernel.translatable import N_

MOST_STEPS = 60

StepId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,16}$")]


class TooManySteps(Refusal):
    """Nobody can keep such a journey in mind."""

    message = N_("A journey has at most 60 steps.")


class Edge(BaseModel):
    """Who leaves `source` by `outcome` goes on to `target`. An outcome without an edge is the journey's end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: StepId
    outcome: str = NEXT
    target: StepId


@dataclass(frozen=True)
class PlacedStep:
    """A step with its id and its number in reading order, from 1."""

    id: str
    number: int
    step: AnyStep


class Graph(BaseModel):
    """Steps and edges. `start` is where people enter; a graph without steps has none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    start: StepId | None = None
    steps: Annotated[Mapping[StepId, AnyStep], Field(max_length=MOST_STEPS)] = {}
    edges: tuple[Edge, ...] = ()

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """Every id that is named is a step's, and each outcome has one edge at most."""
        if (self.start is None) != (not self.steps):
            raise ValueError("start names the step people enter at; it is null where there is no step")
        named = {self.start} - {None} | {edge.source for edge in self.edges} | {edge.target for edge in self.edges}
        if unknown := named - set(self.steps):
            raise ValueError(f"no step has the id {min(map(str, unknown))}")
        left = [(edge.source, edge.outcome) for edge in self.edges]
        if len(set(left)) != len(left):
            raise ValueError("two edges leave a step by the same outcome")
        for edge in self.edges:
            if edge.outcome not in self.steps[edge.source].outcomes:
                raise ValueError(f"the step {edge.source} has no outcome {edge.outcome}")
        return self

    def get(self, step_id: str) -> AnyStep:
        """Return a step; raise NotFound."""
        if step_id not in self.steps:
            raise NotFound
        return self.steps[step_id]

    def following(self, step_id: str, outcome: str = NEXT) -> str | None:
        """Return where the outcome leads; None is the end."""
        found = (edge.target for edge in self.edges if (edge.source, edge.outcome) == (step_id, outcome))
        return next(found, None)

    def in_order(self) -> list[PlacedStep]:
        """Return the steps that can be reached, as one reads them: each before what follows it."""
        return [PlacedStep(key, number, self.steps[key]) for number, key in enumerate(self._walk(), start=1)]

    def unreachable(self) -> set[str]:
        """Return the ids of steps nobody comes to."""
        return set(self.steps) - set(self._walk())

    def rushing(self) -> set[str]:
        """Return the ids of steps on a circle without a wait, and of those that lead there without one."""
        hurried = {key for key, step in self.steps.items() if not step.delay()}
        onward = {key: {edge.target for edge in self.edges if edge.source == key} & hurried for key in hurried}
        while ends := {key for key, targets in onward.items() if not targets}:
            onward = {key: targets - ends for key, targets in onward.items() if key not in ends}
        return set(onward)

    def inserted(self, step: AnyStep, *, after: str | None = None) -> tuple[Graph, str]:
        """Return the graph with a step behind another (None: at the end), and its id; raise NotFound, TooManySteps."""
        if len(self.steps) >= MOST_STEPS:
            raise TooManySteps
        new = secrets.token_hex(4)
        behind = after if after is not None else self._last()
        if behind is None:
            return self._with(start=new, steps={new: step}), new
        self.get(behind)
        following = self.following(behind)
        edges = [edge for edge in self.edges if (edge.source, edge.outcome) != (behind, NEXT)]
        edges.append(Edge(source=behind, target=new))
        if following is not None:
            edges.append(Edge(source=new, target=following))
        return self._with(steps={**self.steps, new: step}, edges=edges), new

    def changed(self, step_id: str, step: AnyStep) -> Graph:
        """Return the graph with a step rewritten; raise NotFound where there is none of this id and kind."""
        if self.get(step_id).kind != step.kind:
            raise NotFound
        return self._with(steps={**self.steps, step_id: step})

    def removed(self, step_id: str) -> Graph:
        """Return the graph without a step: who came to it goes on to what followed it; raise NotFound."""
        self.get(step_id)
        following = self.following(step_id)
        kept = [edge for edge in self.edges if edge.source != step_id]
        if following is None or following == step_id:
            following = None
            edges = [edge for edge in kept if edge.target != step_id]
        else:
            edges = [_redirected(edge, step_id, following) for edge in kept]
        steps = {key: step for key, step in self.steps.items() if key != step_id}
        start = following if self.start == step_id else self.start
        return self._with(start=start or min(steps, default=None), steps=steps, edges=edges)

    def moved(self, step_id: str, *, by: int) -> Graph:
        """Return the graph with a step one place up (-1) or down (1); at the edge it stays. Raise NotFound."""
        self.get(step_id)
        if by > 0:
            following = self.following(step_id)
            return self._swapped(step_id, following) if following is not None else self
        before = next((edge.source for edge in self.edges if (edge.target, edge.outcome) == (step_id, NEXT)), None)
        return self._swapped(before, step_id) if before is not None else self

    def _swapped(self, first: str, second: str) -> Graph:
        """Let `second`, which follows `first`, come before it."""
        following = self.following(second)
        kept = [edge for edge in self.edges if edge.outcome != NEXT or edge.source not in (first, second)]
        edges = [_redirected(edge, first, second) for edge in kept]
        edges.append(Edge(source=second, target=first))
        if following is not None:
            edges.append(Edge(source=first, target=following))
        return self._with(start=second if self.start == first else self.start, edges=edges)

    def _last(self) -> str | None:
        """Return the last step along the edges of the ordinary outcome."""
        seen: set[str] = set()
        last, following = None, self.start
        while following is not None and following not in seen:
            seen.add(following)
            last, following = following, self.following(following)
        return last

    def _walk(self) -> Iterator[str]:
        """Visit what can be reached, depth first, the outcomes of a step in the order its kind names them."""
        seen: set[str] = set()
        waiting = [self.start] if self.start else []
        while waiting:
            key = waiting.pop()
            if key in seen:
                continue
            seen.add(key)
            yield key
            targets = [self.following(key, outcome) for outcome in self.steps[key].outcomes]
            waiting += [target for target in reversed(targets) if target is not None]

    def _with(self, **changes: object) -> Graph:
        parts = {"start": self.start, "steps": self.steps, "edges": self.edges}
        return Graph.model_validate({**parts, **changes})


def _redirected(edge: Edge, old: str, new: str) -> Edge:
    return edge.model_copy(update={"target": new}) if edge.target == old else edge
