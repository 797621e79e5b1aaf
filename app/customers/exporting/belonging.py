"""Organisations as tables for export, which come back as they were when they are imported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from app.customers.exporting.tables import ExportTable
from app.customers.relations.models import Organisation
from app.kernel.database import Database
from app.kernel.translatable import N_

AT_ONCE = 2_000
_NAMES = ("industry", "employees", "website", "domains", "address", "city", "country")


def organisation_rows(database: Database, workspace_id: int, _part: int, _now: datetime) -> Iterator[list[str]]:
    """Yield the heading and one row an organisation; what it belongs to is told by its number, else by its name."""
    yield ["organisation", "organisation_ref", "parent", *_NAMES]
    above, after = aliased(Organisation), 0
    called = func.coalesce(above.external_ref, above.name, "")
    while True:
        query = (
            select(Organisation, called)
            .outerjoin(above, (above.workspace_id == workspace_id) & (above.id == Organisation.parent_id))
            .where(Organisation.workspace_id == workspace_id, Organisation.id > after)
        )
        with database.transaction(workspace_id) as session:
            found = session.execute(query.order_by(Organisation.id).limit(AT_ONCE)).all()
        if not found:
            return
        for organisation, parent in found:
            told = [_cell(getattr(organisation, name)) for name in _NAMES]
            yield [organisation.name, organisation.external_ref or "", parent, *told]
        after = found[-1][0].id


def _cell(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)


ORGANISATIONS = ExportTable("organisations", N_("Organisations"), organisation_rows)
