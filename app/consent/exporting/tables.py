"""The suppression list as a table for export, which comes back as it was when it is imported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from app.accounts import workspaces
from app.consent import suppression
from app.consent.imports.suppressions import address_hashes
from app.customers.exporting.tables import ExportTable
from app.kernel.database import Database
from app.kernel.translatable import N_

AT_ONCE = 2_000


def rows(database: Database, workspace_id: int, _part: int, _now: datetime) -> Iterator[list[str]]:
    """Yield the heading and one row an address; one that nobody is known by any more is told by its hash."""
    yield ["email", "address_hash", "reason", "since", "scope"]
    with database.transaction(workspace_id) as session:
        digest_key = workspaces.get(session, workspace_id).digest_key
    after = b""
    while True:
        with database.transaction(workspace_id) as session:
            listed = suppression.list_after(session, workspace_id, after, limit=AT_ONCE)
        if not listed:
            return
        for each in listed:
            info = each.info
            hashed = "" if each.email else address_hashes.write(info.address_digest, digest_key)
            yield [each.email or "", hashed, info.reason, info.at.isoformat(), "all"]
        after = listed[-1].info.address_digest


SUPPRESSIONS = ExportTable("suppressions", N_("Suppression list"), rows)
