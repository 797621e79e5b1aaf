"""Stages the further addresses that rows of people name, and adds those that are not there.

The first address of a kind is the primary one of whoever has none of it. What a person has stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.addresses import emails, projection
from app.customers.addresses.changes import MOST_LIVING
from app.customers.addresses.queries import EMAIL
from app.customers.imports.parsing.batches import Batch
from app.customers.profiles import marks
from app.kernel import database

TAKEN, TOO_MANY = "taken", "addresses"
_STAGE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS people_address_stage (
        row bigint, number bigint, kind text, value text, key text COLLATE "C", digest bytea, provider text
    ) ON COMMIT DELETE ROWS
"""
_COLUMNS = ["row", "number", "kind", "value", "key", "digest", "provider"]
_KNOWN = """EXISTS (SELECT FROM addresses a WHERE a.workspace_id = :w AND a.customer_id = s.customer_id
    AND a.kind = n.kind AND a.key = n.key AND a.ended_at IS NULL)"""
# Rows whose further email somebody else has, or another row of the file says is somebody else's.
_FIND_TAKEN = f"""
    SELECT DISTINCT n.row FROM people_address_stage n JOIN people_stage s ON s.row = n.row
    JOIN addresses a ON a.workspace_id = :w AND a.kind = '{EMAIL}' AND a.key = n.key AND a.ended_at IS NULL
        AND a.customer_id IS DISTINCT FROM s.customer_id
    WHERE n.kind = '{EMAIL}'
    UNION
    SELECT row FROM (
        SELECT row, key, dense_rank() OVER (PARTITION BY key ORDER BY is_further, row) AS place FROM (
            SELECT row, key, true AS is_further FROM people_address_stage WHERE kind = '{EMAIL}'
            {{primaries}}) named) ranked
    WHERE place > 1 AND row IN (SELECT row FROM people_address_stage WHERE kind = '{EMAIL}' AND key = ranked.key)
      AND NOT EXISTS (SELECT FROM people_address_stage f JOIN people_stage p ON p.row = f.row
                      WHERE f.row = ranked.row AND p.email_key = ranked.key)
"""
_PRIMARIES = "UNION ALL SELECT row, email_key, false FROM people_stage WHERE email_key IS NOT NULL"
_FIND_OVERFULL = f"""
    SELECT s.row FROM people_stage s JOIN (
        SELECT n.row, count(*) AS number FROM people_address_stage n JOIN people_stage s ON s.row = n.row
        WHERE NOT {_KNOWN} GROUP BY n.row) new ON new.row = s.row
    WHERE new.number + (SELECT count(*) FROM addresses a WHERE a.workspace_id = :w AND a.customer_id = s.customer_id
                          AND a.ended_at IS NULL) > {MOST_LIVING - 1}
"""
_FIND_NEW = f"""
    SELECT DISTINCT n.row FROM people_address_stage n JOIN people_stage s ON s.row = n.row
    WHERE s.customer_id IS NOT NULL AND NOT {_KNOWN}
"""
_ADD = f"""
    INSERT INTO addresses (workspace_id, customer_id, kind, value, key, digest, provider, label, is_primary, provenance,
                           created_at)
    SELECT :w, n.customer_id, n.kind, n.value, n.key, n.digest, n.provider, '',
           n.place = 1 AND NOT EXISTS (SELECT FROM addresses p WHERE p.workspace_id = :w AND p.is_primary
                                         AND p.customer_id = n.customer_id AND p.kind = n.kind),
           {marks.of_row("n.row")}, CAST(:now AS timestamptz)
    FROM (
        SELECT n.*, w.customer_id,
               row_number() OVER (PARTITION BY w.customer_id, n.kind ORDER BY n.row, n.number) AS place
        FROM people_address_stage n
        JOIN unnest(CAST(:rows AS bigint[]), CAST(:ids AS bigint[])) AS w(row, customer_id) ON w.row = n.row
        WHERE NOT EXISTS (SELECT FROM addresses a WHERE a.workspace_id = :w AND a.customer_id = w.customer_id
                            AND a.kind = n.kind AND a.key = n.key AND a.ended_at IS NULL)) n
    RETURNING customer_id, kind, is_primary
"""


def lay_out(batch: Batch, digest_key: bytes) -> bytes:
    """Return the addresses as COPY reads them."""
    lines = []
    for row in batch.people:
        for number, each in enumerate(row.addresses):
            value = each.value.replace("\\", "\\\\").replace("\n", "\\n")
            key, provider = each.key.replace("\\", "\\\\"), each.provider or ""
            digest = emails.digest(each.digested, digest_key).hex()
            lines.append(f"{row.row}\t{number}\t{each.kind}\t{value}\t{key}\t\\\\x{digest}\t{provider}\n")
    return "".join(lines).encode()


def load(session: Session, laid_out: bytes) -> None:
    """Bring the addresses to the database."""
    session.execute(text(_STAGE))
    session.execute(text("DELETE FROM people_address_stage"))
    database.copy_text(session, "people_address_stage", _COLUMNS, laid_out)


def refuse(session: Session, workspace_id: int, *, has_email: bool) -> dict[int, str]:
    """Return why rows cannot be taken, by row, once people are found."""
    here = {"w": workspace_id}
    found = dict.fromkeys(session.scalars(text(_FIND_OVERFULL), here), TOO_MANY)
    taken = text(_FIND_TAKEN.format(primaries=_PRIMARIES if has_email else ""))
    return found | dict.fromkeys(session.scalars(taken, here), TAKEN)


def find_new(session: Session, workspace_id: int) -> set[int]:
    """Return the rows that name an address which the person they are about does not have."""
    return set(session.scalars(text(_FIND_NEW), {"w": workspace_id}))


def add(session: Session, binds: Mapping[str, Any], customer_ids: Mapping[int, int], *, now: datetime) -> None:
    """Add what is not there to these people, by row; who had no email is known by the first from now on."""
    values = {name: binds[name] for name in ("w", *marks.BINDS)}
    rows = {"rows": list(customer_ids), "ids": list(customer_ids.values()), "now": now}
    added = session.execute(text(_ADD), {**values, **rows}).all()
    known_by = sorted({row.customer_id for row in added if row.kind == EMAIL and row.is_primary})
    if known_by:
        projection.refresh(session, binds["w"], known_by, now=now)
