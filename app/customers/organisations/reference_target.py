"""Organisations as something a field can refer to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from app.customers.field_kinds.references import ReferenceTarget
from app.customers.organisations.organisations import folded_name
from app.customers.relations.models import Organisation
from app.kernel.translatable import N_


def _rows(workspace_id: Any) -> Select[*tuple[Any, ...]]:
    return select(
        Organisation.id, Organisation.name, Organisation.external_ref.label("ref"), folded_name().label("folded")
    ).where(Organisation.workspace_id == workspace_id)


ORGANISATIONS = ReferenceTarget("organisation", N_("An organisation"), _rows)
