"""The mix of customers that their list begins with; a large workspace's is counted by a job and kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.customers.models import Customer, CustomerMix, Engagement

RESPONSIVE = timedelta(days=90)
# So many are counted whenever somebody looks: it takes a few milliseconds.
COUNTED_AT_SIGHT = 20_000


@dataclass(frozen=True)
class Mix:
    """Where the customers stand in their life with the company; `counted_at`: None for just now."""

    everyone: int
    buyers: int
    repeat_buyers: int
    responsive: int
    counted_at: datetime | None = None


def find(session: Session, workspace_id: int, *, now: datetime) -> Mix:
    """Return the mix that was kept, or count it."""
    columns = (getattr(CustomerMix, each.name) for each in fields(Mix))
    kept = session.execute(select(*columns).where(CustomerMix.workspace_id == workspace_id)).one_or_none()
    return Mix(*kept) if kept else count(session, workspace_id, now=now)


def is_large(session: Session, workspace_id: int) -> bool:
    """Say whether the workspace has more customers than are counted while somebody waits for a page."""
    kept = select(CustomerMix.workspace_id).where(CustomerMix.workspace_id == workspace_id)
    return session.scalar(kept) is not None


def count(session: Session, workspace_id: int, *, now: datetime) -> Mix:
    """Count how many there are, bought, bought again, and responded lately."""
    query = select(
        func.count(),
        func.count().filter(Engagement.orders > 0),
        func.count().filter(Engagement.orders > 1),
        func.count().filter(Engagement.latest_human_at > now - RESPONSIVE),
    ).where(Engagement.workspace_id == workspace_id)
    return Mix(*session.execute(query).one())


def recount(session: Session, workspace_id: int, *, now: datetime, at_sight: int = COUNTED_AT_SIGHT) -> None:
    """Keep the mix of a workspace with more than `at_sight` customers, and no other's."""
    more = select(Customer.id).where(Customer.workspace_id == workspace_id).order_by(Customer.id).offset(at_sight)
    if session.scalar(more.limit(1)) is None:
        session.execute(delete(CustomerMix).where(CustomerMix.workspace_id == workspace_id))
        return
    values = asdict(count(session, workspace_id, now=now)) | {"counted_at": now}
    keeping = insert(CustomerMix).values(workspace_id=workspace_id, **values)
    session.execute(keeping.on_conflict_do_update(index_elements=["workspace_id"], set_=values))
