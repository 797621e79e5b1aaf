"""Remembers which row of ours is which thing of a shop, and how new the account of it is: older ones change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.commerce.models import ShopConnection, ShopRecord

CUSTOMER, ORDER, PRODUCT, EVENT = "customer", "order", "product", "event"
LONGEST_ID = 200


class Known(NamedTuple):
    """The row a thing is here, None for one that is new, and the ids of its lines."""

    row_id: int | None
    parts: Sequence[str]


def claim(
    session: Session, connection: ShopConnection, kind: str, external_id: str, *, told_at: datetime
) -> Known | None:
    """Hold a thing for writing what was told of it at this time; None where something newer is known."""
    row = insert(ShopRecord).values(**_key(connection, kind, external_id), told_at=told_at)
    claimed = row.on_conflict_do_update(
        index_elements=["workspace_id", "connection_id", "kind", "external_id"],
        set_={"told_at": row.excluded.told_at},
        where=ShopRecord.told_at <= row.excluded.told_at,
    ).returning(ShopRecord.row_id, ShopRecord.parts)
    found = session.execute(claimed).first()
    return Known(*found) if found else None


def find(session: Session, connection: ShopConnection, kind: str, external_id: str) -> Known | None:
    """Return what is known of a thing; None for nothing."""
    query = select(ShopRecord.row_id, ShopRecord.parts).filter_by(**_key(connection, kind, external_id))
    found = session.execute(query).first()
    return Known(*found) if found else None


def settle(
    session: Session,
    connection: ShopConnection,
    kind: str,
    external_id: str,
    row_id: int,
    parts: Sequence[str] = (),
) -> None:
    """Write down which row a claimed thing is."""
    values = {"row_id": row_id, "parts": list(parts)}
    session.execute(update(ShopRecord).filter_by(**_key(connection, kind, external_id)).values(**values))


def is_of_other(session: Session, connection: ShopConnection, kind: str, external_id: str, row_id: int) -> bool:
    """Say whether this row is already another thing, of this shop or of another."""
    query = select(ShopRecord.external_id, ShopRecord.connection_id).where(
        ShopRecord.workspace_id == connection.workspace_id, ShopRecord.kind == kind, ShopRecord.row_id == row_id
    )
    mine = (external_id[:LONGEST_ID], connection.id)
    return any((row.external_id, row.connection_id) != mine for row in session.execute(query.limit(20)))


def _key(connection: ShopConnection, kind: str, external_id: str) -> dict[str, object]:
    return {
        "workspace_id": connection.workspace_id,
        "connection_id": connection.id,
        "kind": kind,
        "external_id": external_id[:LONGEST_ID],
    }
