"""Adds people of whom a file of another kind knows the address alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.addresses import emails, projection
from app.customers.profiles import marks

_ADD = text(
    f"""
    WITH fresh AS MATERIALIZED (
        SELECT {projection.NEW_CUSTOMER_ID} AS id, {projection.NEW_ADDRESS_ID} AS address_id, new.*,
               {marks.of_row("row")} AS origin
        FROM unnest(CAST(:keys AS text[]), CAST(:emails AS text[]), CAST(:rows AS bigint[]), CAST(:digests AS bytea[]),
                    CAST(:providers AS text[])) AS new(email_key, email, row, digest, provider)),
    {projection.adding_people()}
    SELECT 1
    """
)


class NewPerson(NamedTuple):
    """The key of an address nobody has, the address as typed, and the first row of the file that names it."""

    key: str
    email: str
    row: int


def add_from_file(
    session: Session,
    workspace_id: int,
    told: Mapping[str, Any],
    people: Sequence[NewPerson],
    *,
    digest_key: bytes,
    now: datetime,
) -> None:
    """Add these people in one statement; each remembers the row it came from, with the file's marks (`told`)."""
    keys, typed, rows = (list(column) for column in zip(*people, strict=True))
    binds = {
        "keys": keys,
        "emails": typed,
        "rows": rows,
        "digests": [emails.digest(key, digest_key) for key in keys],
        "providers": [emails.provider_of(key[key.rindex("@") + 1 :]) for key in keys],
    }
    session.execute(_ADD, {"w": workspace_id, "now": now, **told, **binds})
