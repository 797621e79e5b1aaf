"""Changes the emails of many customers at once, from the rows that an import of people has staged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.addresses import projection
from app.customers.profiles import marks

# People found by their number whose row names another email, or another spelling. Nobody else has it: those rows were
# refused before.
_NAMED = """
    SELECT DISTINCT ON (c.id) c.id AS customer_id, c.address_id AS former_id,
           s.row, s.email, s.email_key, s.digest, s.provider
    FROM people_stage s JOIN customers c ON c.workspace_id = :w AND c.id = s.customer_id
    WHERE s.outcome = 'updated' AND s.email_key IS NOT NULL AND c.email IS DISTINCT FROM s.email
    ORDER BY c.id, s.row DESC
"""
# The former one ends, unless the row names one that the person has beside it: then both stay.
_END_FORMER = f"""
    UPDATE addresses a SET is_primary = false, ended_at = CASE WHEN NOT EXISTS (
        SELECT FROM addresses other WHERE other.workspace_id = :w AND other.customer_id = named.customer_id
            AND other.kind = 'email' AND other.key = named.email_key AND other.ended_at IS NULL
            AND NOT other.is_primary) THEN CAST(:now AS timestamptz) END
    FROM ({_NAMED}) named
    WHERE a.workspace_id = :w AND a.customer_id = named.customer_id AND a.id = named.former_id
"""
_PROMOTE = f"""
    UPDATE addresses a SET is_primary = true FROM ({_NAMED}) named
    WHERE a.workspace_id = :w AND a.customer_id = named.customer_id AND a.kind = 'email' AND a.ended_at IS NULL
        AND a.key = named.email_key
"""
# Another spelling of the same mailbox is as verified as the former one.
_ADD = f"""
    INSERT INTO addresses (workspace_id, customer_id, kind, value, key, digest, provider, label, is_primary,
                           verified_at, provenance, created_at)
    SELECT :w, named.customer_id, 'email', named.email, named.email_key, named.digest, named.provider,
           coalesce(former.label, ''), true, CASE WHEN former.key = named.email_key THEN former.verified_at END,
           {marks.of_row("named.row")}, :now
    FROM ({_NAMED}) named
    LEFT JOIN addresses former ON former.workspace_id = :w AND former.customer_id = named.customer_id
        AND former.id = named.former_id
    WHERE NOT EXISTS (SELECT FROM addresses a WHERE a.workspace_id = :w AND a.customer_id = named.customer_id
                      AND a.is_primary AND a.kind = 'email')
"""


def change_emails(session: Session, binds: Mapping[str, Any], *, now: datetime) -> None:
    """Let the emails that the staged rows name be the primary ones of their people, as `changes.change_email` does.

    `binds` are the workspace, `w`, and those of the file's marks.
    The import has just written these customers, so nobody else changes them meanwhile.
    """
    here = {"w": binds["w"]}
    values = {**here, "now": now}
    changed = session.scalars(text(f"SELECT customer_id FROM ({_NAMED}) named"), here).all()
    if not changed:
        return
    session.execute(text(_END_FORMER), values)
    session.execute(text(_PROMOTE), values)
    session.execute(text(_ADD), {**values, **{name: binds[name] for name in marks.BINDS}})
    projection.refresh(session, binds["w"], changed, now=now)
