"""What the addresses of a workspace must be, after whatever was done to them."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.addresses import queries
from app.customers.models import Address

# Customers whose own columns are not their primary living email, and addresses of a kind in use without a primary.
_ASTRAY = text(
    """
    SELECT c.id, c.email, a.value FROM customers c
    FULL JOIN (SELECT * FROM addresses WHERE kind = 'email' AND is_primary AND ended_at IS NULL) a
        ON a.workspace_id = c.workspace_id AND a.customer_id = c.id
    WHERE ROW(c.address_id, c.email, c.email_key, c.address_digest)
              IS DISTINCT FROM ROW(a.id, a.value, a.key, a.digest)
       OR c.provider <> coalesce(a.provider, 'other') OR c.id IS NULL
    UNION ALL
    SELECT customer_id, kind, 'no primary' FROM addresses WHERE ended_at IS NULL
    GROUP BY customer_id, kind HAVING count(*) FILTER (WHERE is_primary) <> 1
    """
)


def astray(session: Session) -> list[tuple[int, str | None, str | None]]:
    """Return whatever in the transaction's workspace breaks the law of addresses; nothing where all is well."""
    return [tuple(row) for row in session.execute(_ASTRAY)]


def all_addresses(session: Session, workspace_id: int, customer_id: int) -> list[Address]:
    """Every address a customer has, and then every one they had."""
    former = queries.list_former(session, workspace_id, customer_id, limit=1_000)
    return [*queries.list_living(session, workspace_id, customer_id), *former.rows]
