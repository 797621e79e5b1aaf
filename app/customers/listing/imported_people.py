"""Whom an import brought, for rooms above that do something with all of them."""

from __future__ import annotations

from sqlalchemy import Select, func, select, union
from sqlalchemy.orm import Session

from app.customers.imports.models import Import, ImportChange
from app.customers.models import Customer
from app.customers.profiles.provenance import EVERYTHING
from app.kernel.sql import keyed_rows


def people_query(session: Session, workspace_id: int, import_id: int) -> Select[int]:
    """Select the `customer_id` of everybody whom the import added or changed; raise NotFound.

    Who stood in the file and was as it says already is not among them: nothing was kept of them.
    """
    keyed_rows.get(session, Import, workspace_id, import_id)
    first = Customer.provenance[EVERYTHING]
    added = select(Customer.id.label("customer_id")).where(
        Customer.workspace_id == workspace_id,
        func.jsonb_array_element(first, 0) == func.to_jsonb(import_id),
    )
    changed = (
        select(ImportChange.row_id)
        .join(Customer, (Customer.workspace_id == ImportChange.workspace_id) & (Customer.id == ImportChange.row_id))
        .where(
            ImportChange.workspace_id == workspace_id,
            ImportChange.import_id == import_id,
            ImportChange.kind == "customer",
        )
    )
    found = union(added, changed).subquery()
    return select(found.c.customer_id)
