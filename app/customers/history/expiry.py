"""Ends values that are believed no longer: external and inferred ones past their time, and those of ended licences."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.profiles import fields, identity, marks
from app.customers.profiles.provenance import INFERRED, STANDING

# So many people are looked at in one transaction.
AT_ONCE = 5_000
# Who a person is and what they are grouped by stays; what is said of them may end.
_KEPT = frozenset(("external_ref",))
_COLUMNS = tuple(name for name in (*fields.PROFILE, *identity.IDENTITY) if name not in _KEPT)
_TOLD = " UNION ALL ".join(f"SELECT '{name}', to_jsonb(c.{name})" for name in _COLUMNS)
_NATURE = f"coalesce(CAST(v.mark ->> 2 AS int), 0) & {STANDING}"
_DUE = f"""
    SELECT c.id, jsonb_object_agg(v.name, jsonb_build_array(v.value, v.mark)) AS before
    FROM customers c CROSS JOIN LATERAL (
        SELECT told.name, told.value, coalesce(c.provenance -> told.name, c.provenance -> '*') AS mark
        FROM ({_TOLD} UNION ALL SELECT 'custom.' || key, value FROM jsonb_each(c.custom)) AS told(name, value)
        WHERE told.value IS NOT NULL) v
    LEFT JOIN (SELECT to_jsonb(i.id) AS who FROM imports i
               JOIN sources s ON s.workspace_id = i.workspace_id AND s.id = i.source_id
               WHERE i.workspace_id = :w AND s.licence_ends_on < :today) ended
        ON ended.who = v.mark -> 0
    WHERE c.workspace_id = :w AND c.id > :after AND c.id <= :until AND (
        ended.who IS NOT NULL OR ({_NATURE}) <> 0 AND CAST(v.mark ->> 1 AS bigint) <
            CASE WHEN ({_NATURE}) & {INFERRED} <> 0 THEN CAST(:inferred_since AS bigint)
                 ELSE CAST(:external_since AS bigint) END)
    GROUP BY c.id ORDER BY c.id
"""
_LAST = text("SELECT max(id) FROM (SELECT id FROM customers WHERE workspace_id = :w AND id > :after"
             " ORDER BY id LIMIT :limit) c")  # fmt: skip
_HOLD = text("SELECT id FROM customers WHERE workspace_id = :w AND id = ANY(CAST(:ids AS bigint[])) ORDER BY id"
             " FOR UPDATE")  # fmt: skip
_CLEARED = ", ".join(f"{name} = CASE WHEN d.before ? '{name}' THEN NULL ELSE c.{name} END" for name in _COLUMNS)
_END = f"""
    WITH due AS MATERIALIZED ({_DUE}),
    ended AS (
        UPDATE customers c SET {_CLEARED}, updated_at = :now,
            custom = c.custom - ARRAY(SELECT substr(name, 8) FROM jsonb_object_keys(d.before) name
                                      WHERE name LIKE 'custom.%'),
            provenance = c.provenance - ARRAY(SELECT jsonb_object_keys(d.before))
        FROM due d WHERE c.workspace_id = :w AND c.id = d.id)
    INSERT INTO replaced_values (workspace_id, customer_id, replaced_at, before, replaced_by)
    SELECT :w, id, :now, before, jsonb_build_array('expired', CAST(:at AS bigint))
    FROM due
"""


def end_next(
    session: Session, workspace_id: int, *, after: int, now: datetime, limit: int = AT_ONCE
) -> tuple[int, int | None]:
    """Clear what has expired of the next people; return of how many, and whom to go on after (None: that was all).

    What is cleared is kept in the history. Nobody is held but those who lose something.
    """
    where: dict[str, Any] = {"w": workspace_id, "after": after}
    until = session.scalar(_LAST, {**where, "limit": limit})
    if until is None:
        return 0, None
    asked = {**where, "until": until, "today": now.date(), "now": now, **marks.believed_since(now)}
    asked["at"] = int(now.timestamp())
    due = text(f"SELECT id FROM ({_DUE}) due")
    ids = list(session.scalars(due, {name: asked[name] for name in due._bindparams}))
    if ids:
        session.execute(_HOLD, {"w": workspace_id, "ids": ids})
        session.execute(text(_END), asked)
    return len(ids), until
