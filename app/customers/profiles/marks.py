"""Marks of provenance in SQL, for whoever writes many people at once from a file.

The same rules as `provenance.beats`, over `customers` as `c` and staged rows as `s`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.customers.imports.models import Import
from app.customers.profiles.provenance import EXTERNAL_DAYS, INFERRED_DAYS
from app.kernel.sql import json_objects

BINDS = ("import_id", "observed", "nature")
# What follows the primary email; the file tells of it as one value.
_EMAIL = {"email": "email", "email_key": "email_key", "digest": "address_digest", "provider": "provider"}


def binds(found: Import) -> dict[str, Any]:
    """Return what the marks of this file's rows are made of."""
    return {
        "import_id": found.id,
        "observed": int(found.created_at.timestamp()),
        "nature": found.nature,
    }


def of_row(row: str) -> str:
    """Return the mark of a value that a row of the file tells, over an expression of its number."""
    told = "CAST(:import_id AS bigint), CAST(:observed AS bigint), CAST(:nature AS int)"
    return f"jsonb_build_array({told}, {row})"


def believed_since(now: datetime) -> dict[str, int]:
    """Return the binds that say from when on external and inferred values are still believed."""
    ages = {"external_since": EXTERNAL_DAYS, "inferred_since": INFERRED_DAYS}
    return {name: int((now - timedelta(days=days)).timestamp()) for name, days in ages.items()}


def yielding(
    profile: Sequence[str], keys: Iterable[int], *, clears: bool, with_tags: bool, with_email: bool
) -> str | None:
    """Return the statement that has staged rows say of their people what is known better or newer of them.

    `keys` number the binds (`key_0`, ...) of the workspace's own fields. None where a row cannot replace anything.
    """
    sets: list[str] = []
    stronger: list[str] = []
    for name in profile:
        wins = _wins(f"'{name}'", f"c.{name}", f"s.{name}", clears=clears)
        stronger.append(wins)
        sets.append(f"{name} = CASE WHEN {wins} THEN c.{name} ELSE s.{name} END")
    if with_tags and clears:
        wins = _wins("'tags'", "nullif(c.tags, '{}')", "s.tags", clears=True)
        stronger.append(wins)
        sets.append(f"tags = CASE WHEN {wins} THEN c.tags ELSE s.tags END")
    if with_email:
        wins = _wins("'email'", "c.email", "s.email", clears=False)
        stronger.append(wins)
        sets += [f"{staged} = CASE WHEN {wins} THEN c.{kept} ELSE s.{staged} END" for staged, kept in _EMAIL.items()]
    yielded, kept = [], []
    for number in keys:
        key = f"CAST(:key_{number} AS text)"
        wins = _wins(f"'custom.' || {key}", f"c.custom -> {key}", f"s.custom -> {key}", clears=clears)
        stronger.append(wins)
        yielded.append(f"CASE WHEN {wins} THEN {key} END")
        kept.append(f"{key}, CASE WHEN {wins} THEN c.custom -> {key} END")
    if yielded:
        less = f"s.custom - array_remove(ARRAY[{', '.join(yielded)}], NULL)"
        sets.append(f"custom = ({less}) || jsonb_strip_nulls({json_objects.build(kept)})")
    if not sets:
        return None
    return f"""
        UPDATE people_stage t SET {", ".join(sets)} FROM people_stage s
        CROSS JOIN LATERAL (SELECT * FROM customers c WHERE c.workspace_id = :w AND c.id = s.customer_id LIMIT 1) c
        WHERE t.row = s.row AND s.outcome = 'updated' AND ({" OR ".join(stronger)})"""


def _wins(name: str, old: str, new: str, *, clears: bool) -> str:
    """Return that what is known differs from what the row says, and holds against it."""
    says = "" if clears else f"({new}) IS NOT NULL AND "
    mark = f"coalesce(c.provenance -> ({name}), CASE WHEN ({old}) IS NOT NULL THEN c.provenance -> '*' END)"
    return f"(NOT s.is_silent AND {says}({new}) IS DISTINCT FROM ({old}) AND {holds(mark)})"


def holds(mark: str) -> str:
    """Return that a mark is of a better standing than the file, or of the same and newer, and has not expired."""
    told = "CAST(:nature AS int), CAST(:observed AS bigint)"
    return f"mark_holds({mark}, {told}, CAST(:external_since AS bigint), CAST(:inferred_since AS bigint))"
