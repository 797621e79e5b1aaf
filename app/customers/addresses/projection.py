"""The one writer of the customers' email columns: they repeat the primary living email that `addresses` holds.

Sending, imports and segments read `customers` alone. Whoever changes an address ends with `refresh`; whoever adds
people writes both tables by the statement that `adding_people` returns.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.profiles import engagement

_REFRESH = text(
    """
    UPDATE customers c SET address_id = a.id, email = a.value, email_key = a.key, address_digest = a.digest,
        provider = coalesce(a.provider, 'other'), updated_at = :now
    FROM unnest(CAST(:customer_ids AS bigint[])) AS asked(customer_id)
    LEFT JOIN addresses a ON a.workspace_id = :workspace_id AND a.customer_id = asked.customer_id
        AND a.kind = 'email' AND a.is_primary
    WHERE c.workspace_id = :workspace_id AND c.id = asked.customer_id AND c.address_id IS DISTINCT FROM a.id
    """
)

# The person, their row of sums and their address are made by one statement; who is not there in one is in none.
_ADDING = """
    new_addresses AS (
        INSERT INTO addresses (workspace_id, customer_id, id, kind, value, key, digest, provider, is_primary,
                               provenance, created_at)
        SELECT :w, id, address_id, 'email', email, email_key, digest, provider, true, origin, :now
        FROM fresh WHERE address_id IS NOT NULL {unless_taken}),
    new_customers AS (
        INSERT INTO customers (workspace_id, id, address_id, email, email_key, address_digest, provider, {names}
                               provenance, created_at, updated_at)
        SELECT :w, id, address_id, email, email_key, digest, coalesce(provider, 'other'), {names}
               jsonb_build_object('*', origin), :now, :now
        FROM fresh {where_free}),
    new_sums AS ({sums})
"""
_UNLESS_TAKEN = """
        ON CONFLICT (workspace_id, key) WHERE kind = 'email' AND ended_at IS NULL DO NOTHING RETURNING customer_id"""
_WHERE_FREE = "WHERE id IN (SELECT customer_id FROM new_addresses)"

COLUMNS = ("address_id", "email", "email_key", "address_digest", "provider")
# Numbers are drawn first, so that they are known together with the rows they are for.
NEW_CUSTOMER_ID = "nextval('customers_id_seq')"
NEW_ADDRESS_ID = "nextval('addresses_id_seq')"

# The same for one customer in a statement that writes more of them: `b` is the row of customers, `:w` its workspace.
SET_FROM_PRIMARY = """
    (address_id, email, email_key, address_digest, provider) = (
        SELECT a.id, a.value, a.key, a.digest, coalesce(a.provider, 'other') FROM (SELECT) AS one
        LEFT JOIN addresses a ON a.workspace_id = :w AND a.customer_id = b.id AND a.kind = 'email' AND a.is_primary)
"""


def adding_people(names: Iterable[str] = (), *, unless_taken: bool = False) -> str:
    """Return the SQL of the CTEs that add everyone of the CTE `fresh`, to be bound with `w` and `now`.

    `fresh` has the columns id, address_id (null without an email), email, email_key, digest, provider, origin (a mark
    of provenance) and `names`, columns of customers. With `unless_taken` an email that somebody has adds nobody.
    """
    where_free = _WHERE_FREE if unless_taken else ""
    return _ADDING.format(
        names="".join(f"{name}, " for name in names),
        unless_taken=_UNLESS_TAKEN if unless_taken else "",
        where_free=where_free,
        sums=engagement.insert_sql(f"SELECT :w, id FROM fresh {where_free}"),
    )


def refresh(session: Session, workspace_id: int, customer_ids: Iterable[int], *, now: datetime) -> None:
    """Bring the email columns of these people to what their addresses say; who holds them has changed addresses."""
    session.flush()
    values = {"workspace_id": workspace_id, "customer_ids": list(customer_ids), "now": now}
    session.execute(_REFRESH, values)
