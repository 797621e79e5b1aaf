"""The published versions of journeys: their graphs, and their steps for joins."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import insert, select, tuple_
from sqlalchemy.orm import Session

from app.journeys.graph import Graph
from app.journeys.models import Journey, JourneyStep, JourneyVersion
from app.kernel.refusals import NotFound


def add(
    session: Session,
    journey: Journey,
    graph: Graph,
    sends: Mapping[str, int],
    *,
    staff_id: int | None,
    now: datetime,
) -> None:
    """Keep a graph as the journey's version, with the sends of its mails by step id."""
    place = {"workspace_id": journey.workspace_id, "journey_id": journey.id, "version": journey.version}
    made = {"graph": graph.model_dump(mode="json"), "published_at": now, "published_by": staff_id}
    session.execute(insert(JourneyVersion), [{**place, **made}])
    steps = [
        {**place, "step_id": each.id, "number": each.number, "kind": each.step.kind, "send_id": sends.get(each.id)}
        for each in graph.in_order()
    ]
    session.execute(insert(JourneyStep), steps)


def latest(session: Session, journey: Journey) -> Graph:
    """Return the graph published last; an empty one where nothing was published."""
    if not journey.version:
        return Graph()
    key = (journey.id, journey.version)
    return get_many(session, journey.workspace_id, {key})[key]


def get_many(
    session: Session, workspace_id: int, versions: Collection[tuple[int, int]]
) -> dict[tuple[int, int], Graph]:
    """Return the graphs of these (journey, version) in one statement; raise NotFound where one is missing."""
    key = tuple_(JourneyVersion.journey_id, JourneyVersion.version)
    query = select(JourneyVersion.journey_id, JourneyVersion.version, JourneyVersion.graph).where(
        JourneyVersion.workspace_id == workspace_id, key.in_(sorted(versions))
    )
    found = {(row[0], row[1]): Graph.model_validate(row[2]) for row in session.execute(query)}
    if len(found) != len(set(versions)):
        raise NotFound
    return found


def sends_at(
    session: Session, workspace_id: int, versions: Collection[tuple[int, int]]
) -> dict[tuple[int, int, str], int]:
    """Return the sends of the mails of these (journey, version), by journey, version and step id."""
    step = JourneyStep
    query = select(step.journey_id, step.version, step.step_id, step.send_id).where(
        step.workspace_id == workspace_id,
        tuple_(step.journey_id, step.version).in_(sorted(versions)),
        step.send_id.is_not(None),
    )
    return {(row[0], row[1], row[2]): row[3] for row in session.execute(query) if row[3] is not None}


def list_sends(session: Session, workspace_id: int, journey_ids: Collection[int]) -> list[tuple[int, str, int]]:
    """Return (journey, step id, send) of the mails of every version of these journeys, by send."""
    step = JourneyStep
    query = select(step.journey_id, step.step_id, step.send_id).where(
        step.workspace_id == workspace_id, step.journey_id.in_(journey_ids), step.send_id.is_not(None)
    )
    rows = session.execute(query.order_by(step.send_id))
    return [(row[0], row[1], row[2]) for row in rows if row[2] is not None]
