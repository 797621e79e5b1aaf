"""Other people of the workspace, as something a field can refer to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from app.customers.field_kinds.references import ReferenceTarget
from app.customers.models import Customer
from app.kernel.translatable import N_


def _rows(workspace_id: Any) -> Select[*tuple[Any, ...]]:
    name = func.nullif(func.concat_ws(" ", Customer.first_name, Customer.last_name), "")
    return select(
        Customer.id,
        func.coalesce(name, Customer.email, Customer.external_ref).label("full_name"),
        Customer.external_ref.label("ref"),
        Customer.email_key,
    ).where(Customer.workspace_id == workspace_id)


# Names are no way to find a person among many: they are named by number or email.
PEOPLE = ReferenceTarget("customer", N_("A person"), _rows, found_by=("ref", "email_key"), named="full_name")
