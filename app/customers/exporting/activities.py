"""Reported events as a table for export, which come back as they were when they are imported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select

from app.customers.exporting.tables import ExportTable
from app.customers.models import Activity, Customer
from app.customers.timeline import activity_queries
from app.kernel.database import Database
from app.kernel.translatable import N_

AT_ONCE = 500


def rows(database: Database, workspace_id: int, _part: int, _now: datetime) -> Iterator[list[str]]:
    """Yield the heading and one row an event, person by person; what this service recorded itself is left out."""
    yield ["email", "external_ref", "event", "happened_at", "properties"]
    after = 0
    while True:
        with database.transaction(workspace_id) as session:
            people = select(Customer.id, Customer.email, Customer.external_ref).where(
                Customer.workspace_id == workspace_id, Customer.id > after
            )
            known = session.execute(people.order_by(Customer.id).limit(AT_ONCE)).all()
            if not known:
                return
            whose = {row.id: [row.email or "", row.external_ref or ""] for row in known}
            query = select(Activity.customer_id, Activity.name, Activity.at, Activity.facts).where(
                *(Activity.workspace_id == workspace_id, Activity.customer_id.in_(list(whose))),
                activity_queries.is_reported(),
            )
            found = session.execute(query.order_by(Activity.customer_id, Activity.at, Activity.id)).all()
        for row in found:
            data = row.facts.get("data") or {}
            told = json.dumps(data, ensure_ascii=False) if data else ""
            yield [*whose[row.customer_id], row.name, row.at.isoformat(), told]
        after = known[-1].id


ACTIVITIES = ExportTable("activities", N_("Reported events"), rows)
