"""What became of the people each source brought; counted by a job and kept, because pages count nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, insert, literal, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.customers.imports.models import Import
from app.customers.models import Activity, Customer, Engagement
from app.customers.profiles.provenance import EVERYTHING
from app.customers.sources.models import Source, SourceOutcome
from app.customers.timeline.event_names import EventName
from app.kernel import extensions


@dataclass(frozen=True)
class MailableCustomers:
    """Who may be mailed, as the room that knows says: (workspace id, now) -> their ids."""

    query: Callable[[int, datetime], Select[int]] | None = None


def recount(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Count the people of each source anew; a workspace without sources has nothing to count."""
    here = SourceOutcome.workspace_id == workspace_id
    session.execute(delete(SourceOutcome).where(here))
    if session.scalar(select(Source.id).where(Source.workspace_id == workspace_id).limit(1)) is None:
        return
    rows = session.execute(_counted(session, workspace_id, now=now)).mappings()
    found = [{**row, "workspace_id": workspace_id, "counted_at": now} for row in rows]
    if found:
        session.execute(insert(SourceOutcome), found)


def read(session: Session, workspace_id: int) -> dict[int, SourceOutcome]:
    """Return what became of each source's people, as it was counted last, by the source's id."""
    query = select(SourceOutcome).where(SourceOutcome.workspace_id == workspace_id)
    return {row.source_id: row for row in session.scalars(query)}


def _counted(session: Session, workspace_id: int, *, now: datetime) -> Select[*tuple[Any, ...]]:
    """Select (source_id, people, bought, mailable, complained): who came with a file of the source."""
    asked = extensions.of(session, MailableCustomers).query
    mailable = asked(workspace_id, now).subquery() if asked else None
    may_be_mailed = Customer.id.in_(select(mailable.c[0])) if mailable is not None else literal(value=False)
    complaints = select(Activity.customer_id).where(
        Activity.workspace_id == workspace_id, Activity.name == EventName.COMPLAINED, Activity.source != "tracking"
    )
    came_with = Customer.provenance[EVERYTHING][0]
    of_file = type_coerce(func.to_jsonb(Import.id), JSONB)
    return (
        select(
            Import.source_id,
            func.count().label("people"),
            func.count().filter(Engagement.orders > 0).label("bought"),
            func.count().filter(may_be_mailed).label("mailable"),
            func.count().filter(Customer.id.in_(complaints)).label("complained"),
        )
        .select_from(Customer)
        .join(Import, (Import.workspace_id == workspace_id) & (came_with == of_file))
        .join(Engagement, (Engagement.workspace_id == workspace_id) & (Engagement.customer_id == Customer.id))
        .where(Customer.workspace_id == workspace_id, Import.source_id.is_not(None))
        .group_by(Import.source_id)
    )
