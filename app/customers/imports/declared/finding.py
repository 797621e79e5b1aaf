"""Finds the people that rows of a declared kind name: by customer number where there is one, else by email."""

from __future__ import annotations

from app.customers.addresses import queries
from app.customers.imports.refused import TWO_PEOPLE

UNKNOWN = "unknown"


def people(stage: str, *, email: str = "email", number: str = "external_ref", into: str = "customer_id") -> str:
    """Return the statement that fills the column `into` of the stage, and refuses rows that name nobody or two people.

    Where a number is not known, the email says who it is, unless that person has another number.
    """
    by_number = queries.OWNER_OF_NUMBER.format(number=f"s.{number}")
    by_email = queries.OWNER_OF_EMAIL.format(key=f"s.{email}")
    return f"""
        UPDATE {stage} t SET {into} = coalesce(n.id, e.id),
            outcome = CASE WHEN coalesce(n.id, e.id) IS NULL THEN '{UNKNOWN}'
                WHEN n.id <> e.id OR (n.id IS NULL AND s.{number} IS NOT NULL AND e.external_ref IS NOT NULL)
                THEN '{TWO_PEOPLE}' ELSE t.outcome END,
            detail = CASE WHEN coalesce(n.id, e.id) IS NULL THEN coalesce(s.{number}, s.{email})
                ELSE concat_ws(' / ', s.{number}, s.{email}) END
        FROM {stage} s
        LEFT JOIN LATERAL ({by_number}) n ON s.{number} IS NOT NULL
        LEFT JOIN LATERAL (
            SELECT c.id, c.external_ref FROM ({by_email}) owner
            JOIN customers c ON c.workspace_id = :w AND c.id = owner.id) e ON s.{email} IS NOT NULL
        WHERE t.row = s.row AND s.outcome = 'created' AND (s.{number} IS NOT NULL OR s.{email} IS NOT NULL)"""
