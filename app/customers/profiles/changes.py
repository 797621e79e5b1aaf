"""When values of customers last changed, as SQL over the marks of their provenance."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Double, case, cast, func

from app.customers.models import Customer
from app.customers.profiles.provenance import EVERYTHING

# What customers have from the beginning, or what follows from something else.
WITHOUT_MARK = frozenset(("created_at", "provider", "tags"))


def changed_at(name: str, value: ColumnElement[Any]) -> ColumnElement[datetime]:
    """Return when the value of this name was last told, NULL where it never was: the second of its mark.

    The mark of everything speaks for values without a mark of their own.
    """
    own = Customer.provenance[name]
    mark = case((own.is_not(None), own), (value.is_not(None), Customer.provenance[EVERYTHING]))
    return func.to_timestamp(cast(func.jsonb_array_element_text(mark, 1), Double))
