"""Which fields the mails of a workspace's journeys fill in."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from app.customers.quality import uses
from app.journeys.models import JourneyDraft, JourneyVersion


def of_journeys(session: Session, workspace_id: int) -> Iterator[set[str]]:
    """Yield for each journey the names of the fields that its latest version or its draft fills in."""
    latest = (
        select(JourneyVersion.journey_id, JourneyVersion.graph)
        .ext(distinct_on(JourneyVersion.journey_id))
        .where(JourneyVersion.workspace_id == workspace_id)
        .order_by(JourneyVersion.journey_id, JourneyVersion.version.desc())
    )
    drafts = select(JourneyDraft.journey_id, JourneyDraft.graph).where(JourneyDraft.workspace_id == workspace_id)
    found: dict[int, set[str]] = {}
    for query in (latest, drafts):
        for journey_id, graph in session.execute(query):
            text = json.dumps(graph, ensure_ascii=False).replace('\\"', '"')
            found.setdefault(journey_id, set()).update(uses.in_template(text))
    yield from found.values()
