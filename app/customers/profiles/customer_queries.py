"""Published questions to `customers`, for rooms that look a person up in the middle of their own statements."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import FromClause, select, text
from sqlalchemy.orm import Session

from app.customers.models import Customer
from app.kernel.sql import arrays

_DIGESTS = """
    SELECT id, address_digest FROM customers
    WHERE workspace_id = :workspace_id AND id = ANY(CAST(:customer_ids AS bigint[])) ORDER BY id
"""
_LOOK, _HOLD = text(_DIGESTS), text(f"{_DIGESTS} FOR SHARE")
_BY_REF = text(
    """
    SELECT external_ref, id FROM customers
    WHERE workspace_id = :workspace_id AND external_ref = ANY(CAST(:refs AS text[]))
    UNION ALL
    SELECT external_ref, customer_id FROM customer_aliases
    WHERE workspace_id = :workspace_id AND external_ref = ANY(CAST(:refs AS text[]))
    """
)


def customer_rows() -> FromClause:
    """Return the rows of customers as a table of Core, to be joined where a statement asks for them."""
    return Customer.__table__


def has_any(session: Session, workspace_id: int) -> bool:
    """Say whether the workspace knows anybody."""
    return session.scalar(select(Customer.id).where(Customer.workspace_id == workspace_id).limit(1)) is not None


def address_digests(
    session: Session, workspace_id: int, customer_ids: Iterable[int], *, hold: bool = False
) -> dict[int, bytes | None]:
    """Return the digest of each customer's address as it is now; `hold` keeps it so until the transaction ends."""
    values = {"workspace_id": workspace_id, "customer_ids": arrays.numbers(customer_ids)}
    return {row.id: row.address_digest for row in session.execute(_HOLD if hold else _LOOK, values)}


def ids_by_ref(session: Session, workspace_id: int, refs: Iterable[str]) -> dict[str, int]:
    """Return who has these numbers in the company's own books, or had them before they became part of others."""
    wanted = list(refs)
    rows = session.execute(_BY_REF, {"workspace_id": workspace_id, "refs": arrays.texts(wanted)}) if wanted else ()
    return {row.external_ref: row.id for row in rows}


def existing_ids(session: Session, workspace_id: int, customer_ids: Iterable[int]) -> set[int]:
    """Return which of these customers there are."""
    wanted = list(customer_ids)
    values = {"workspace_id": workspace_id, "customer_ids": arrays.numbers(wanted)}
    return set(session.scalars(_LOOK, values)) if wanted else set()


def exists_sql(workspace_id: str, customer_id: str) -> str:
    """Return the condition that there is such a customer, over two expressions of SQL."""
    return f"EXISTS (SELECT FROM customers c WHERE c.workspace_id = {workspace_id} AND c.id = {customer_id})"


def numbers_sql(workspace_id: str) -> str:
    """Return the query of (id, external_ref, last_name) of every customer, over an expression of SQL."""
    return f"SELECT id, external_ref, lower(last_name) AS last_name FROM customers WHERE workspace_id = {workspace_id}"


def providers_sql(workspace_id: str) -> str:
    """Return the query of (id, provider) of every customer, over an expression of SQL."""
    return f"SELECT id, provider FROM customers WHERE workspace_id = {workspace_id}"


def digests_sql(workspace_id: str) -> str:
    """Return the query of (id, address_digest) of every customer, over an expression of SQL."""
    return f"SELECT id, address_digest FROM customers WHERE workspace_id = {workspace_id}"


def address_sql(workspace_id: str, customer_id: str, address_digest: str) -> str:
    """Return the query of the customer's address_id, of one row while the address is still the one with this digest."""
    return f"""SELECT address_id FROM customers WHERE workspace_id = {workspace_id} AND id = {customer_id}
                        AND address_digest = {address_digest} LIMIT 1"""
