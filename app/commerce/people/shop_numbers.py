"""Customers whom a shop knows by the number that is another one's customer number, for the search for duplicates."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.duplicates.finding import Link
from app.customers.profiles import customer_queries

_MOST = 10_000
# Small numbers meet by chance; only who has the same last name counts.
_SAME = text(
    f"""
    SELECT r.row_id, c.id FROM shop_records r
    JOIN ({customer_queries.numbers_sql(":w")}) c ON c.external_ref = r.external_id AND c.id <> r.row_id
    JOIN ({customer_queries.numbers_sql(":w")}) own ON own.id = r.row_id AND own.last_name = c.last_name
    WHERE r.workspace_id = :w AND r.kind = 'customer' LIMIT :most
    """
)


def same_number(session: Session, workspace_id: int) -> list[Link]:
    """Return the pairs of whom one has the number as a shop's, the other as ours."""
    return [Link(*row) for row in session.execute(_SAME, {"w": workspace_id, "most": _MOST})]
