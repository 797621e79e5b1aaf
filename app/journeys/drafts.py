"""Edits the steps of a journey: on its draft, which begins as a copy of what was published last."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.journeys import definitions, versions
from app.journeys.graph import Graph
from app.journeys.models import Journey, JourneyDraft
from app.journeys.steps.kinds import AnyStep


def shown(session: Session, journey: Journey) -> Graph:
    """Return the draft, or what was published last when nothing is being edited."""
    draft = find(session, journey)
    return draft if draft is not None else versions.latest(session, journey)


def find(session: Session, journey: Journey) -> Graph | None:
    """Return the draft; None where there are no changes that were not published. A draft may be without steps."""
    query = select(JourneyDraft.graph).where(
        JourneyDraft.workspace_id == journey.workspace_id, JourneyDraft.journey_id == journey.id
    )
    found = session.scalar(query)
    return None if found is None else Graph.model_validate(found)


def exists(session: Session, journey: Journey) -> bool:
    """Say whether there are changes that were not published yet; taking out the only step is one."""
    query = select(JourneyDraft.journey_id).where(
        JourneyDraft.workspace_id == journey.workspace_id, JourneyDraft.journey_id == journey.id
    )
    return session.scalar(query) is not None


def add(session: Session, journey: Journey, step: AnyStep, *, after: str | None = None) -> str:
    """Put a step behind another (None: at the end) and return its id; raise NotFound, TooManySteps, a Refusal."""
    step = step.checked(session, journey.workspace_id)
    graph, made = _begun(session, journey).inserted(step, after=after)
    _keep(session, journey, graph)
    return made


def change(session: Session, journey: Journey, step_id: str, step: AnyStep) -> None:
    """Rewrite a step; its kind and id stay. Raise NotFound, a Refusal at the field."""
    step = step.checked(session, journey.workspace_id)
    _keep(session, journey, _begun(session, journey).changed(step_id, step))


def move(session: Session, journey: Journey, step_id: str, *, by: int) -> None:
    """Move a step up (-1) or down (1); at the edge it stays. Raise NotFound."""
    _keep(session, journey, _begun(session, journey).moved(step_id, by=by))


def remove(session: Session, journey: Journey, step_id: str) -> None:
    """Take a step out; people on published versions still meet it. Raise NotFound."""
    _keep(session, journey, _begun(session, journey).removed(step_id))


def discard(session: Session, journey: Journey) -> None:
    """Forget the draft."""
    query = delete(JourneyDraft).where(
        JourneyDraft.workspace_id == journey.workspace_id, JourneyDraft.journey_id == journey.id
    )
    session.execute(query)


def _begun(session: Session, journey: Journey) -> Graph:
    """Return what is shown. Others who edit the journey wait until we are done."""
    definitions.hold(session, journey.workspace_id, journey.id)
    return shown(session, journey)


def _keep(session: Session, journey: Journey, graph: Graph) -> None:
    row = insert(JourneyDraft).values(
        workspace_id=journey.workspace_id, journey_id=journey.id, graph=graph.model_dump(mode="json")
    )
    kept = row.on_conflict_do_update(
        index_elements=["workspace_id", "journey_id"], set_={"graph": row.excluded.graph}
    )
    session.execute(kept)
