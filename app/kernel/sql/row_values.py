"""A row as plain JSON values, and back: for what is kept of a deleted row until nobody can want it back."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.kernel.database import Base


def plain(row: Base) -> dict[str, Any]:
    """Return every column of the row, by name."""
    return {column.name: _plain(getattr(row, column.name)) for column in row.__table__.columns}


def parsed(model: type[Base], values: dict[str, Any]) -> dict[str, Any]:
    """Return values that `plain` made as the columns hold them."""
    return {column.name: _parsed(column.type.python_type, values[column.name]) for column in model.__table__.columns}


def _plain(value: Any) -> Any:
    if isinstance(value, date):  # a datetime is one, too
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _parsed(kind: type, value: Any) -> Any:
    if value is None:
        return None
    if kind in (date, datetime):
        return kind.fromisoformat(value)
    return Decimal(value) if kind is Decimal else value
