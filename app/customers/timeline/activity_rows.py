"""The rows of activities, published for rooms that count them."""

from __future__ import annotations

from sqlalchemy import FromClause

from app.customers.models import Activity


def activity_rows() -> FromClause:
    """Return the rows: workspace_id, customer_id, at, kind, verdict and more; who reads them names the workspace."""
    return Activity.__table__
