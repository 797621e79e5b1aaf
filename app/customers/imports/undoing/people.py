"""Undoes what an import did to people: values return where nobody has set them since, and who was added goes.

What a value was and who had set it is kept with the import (`import_changes`) when it changes it. Whether it is still
the import's own says its mark of provenance.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.addresses import projection
from app.customers.imports.mapping.mapping import COLUMNS
from app.customers.imports.models import Import
from app.customers.imports.undoing import traces
from app.customers.imports.undoing.piece import ROWS, Piece
from app.customers.models import Customer

CUSTOMER = "customer"
# Each value the import changed: what it was (old), who had set it (mark), and whether it is still the import's.
_HELD = """
    SELECT c.id FROM import_changes x JOIN customers c ON c.workspace_id = x.workspace_id AND c.id = x.row_id
    WHERE x.workspace_id = :w AND x.import_id = :import_id AND x.kind = 'customer' AND x.row_id > :after
    ORDER BY x.row_id LIMIT :limit FOR UPDATE OF c
"""
_VALUES = """
    SELECT c.id, e.key, e.value -> 0 AS old, e.value -> 1 AS mark, e.value ->> 2 AS address_id,
           c.provenance -> e.key -> 0 = to_jsonb(CAST(:import_id AS bigint)) AS is_ours
    FROM import_changes x JOIN customers c ON c.workspace_id = x.workspace_id AND c.id = x.row_id
    CROSS JOIN LATERAL jsonb_each(x.before) e
    WHERE x.workspace_id = :w AND x.import_id = :import_id AND x.kind = 'customer'
      AND x.row_id = ANY(CAST(:ids AS bigint[]))
"""
_MARKS = f"""
    SELECT id, jsonb_object_agg(key, mark) FILTER (WHERE mark <> 'null') AS marks, array_agg(key) AS keys,
           jsonb_object_agg(key, old) AS olds
    FROM ({_VALUES}) v WHERE is_ours GROUP BY id
"""
_OLD = "CASE WHEN b.olds ? '{name}' THEN CAST(b.olds ->> '{name}' AS {type}) ELSE c.{name} END"
_TYPES = {name: Customer.__table__.c[name].type.compile() for name in COLUMNS}
_PROFILE = ", ".join(f"{name} = {_OLD.format(name=name, type=kind)}" for name, kind in _TYPES.items())
_RESTORE = f"""
    UPDATE customers c SET {_PROFILE},
        tags = CASE WHEN b.olds ? 'tags' THEN ARRAY(SELECT jsonb_array_elements_text(b.olds -> 'tags')) ELSE c.tags END,
        custom = (c.custom - ARRAY(SELECT substr(key, 8) FROM unnest(b.keys) AS key WHERE key LIKE 'custom.%'))
            || coalesce((SELECT jsonb_object_agg(substr(o.key, 8), o.value) FROM jsonb_each(b.olds) o
                         WHERE o.key LIKE 'custom.%' AND o.value <> 'null'), '{{}}'),
        provenance = (c.provenance - b.keys) || coalesce(b.marks, '{{}}'),
        updated_at = CASE WHEN c.updated_at <= :finished_at OR c.updated_at = :now
            THEN coalesce((SELECT CAST(x.before -> 'updated_at' ->> 0 AS timestamptz) FROM import_changes x
                           WHERE x.workspace_id = :w AND x.import_id = :import_id AND x.kind = 'customer'
                             AND x.row_id = c.id), c.updated_at)
            ELSE :now END
    FROM ({_MARKS}) b WHERE c.workspace_id = :w AND c.id = b.id
"""
# Of whom the file brought nothing but addresses no value is restored.
_RESTORE_TIME = """
    UPDATE customers c SET updated_at = CAST(x.before -> 'updated_at' ->> 0 AS timestamptz) FROM import_changes x
    WHERE x.workspace_id = :w AND x.import_id = :import_id AND x.kind = 'customer'
      AND x.row_id = ANY(CAST(:ids AS bigint[])) AND c.workspace_id = :w AND c.id = x.row_id
      AND (c.updated_at <= :finished_at OR c.updated_at = :now)
      AND c.updated_at <> CAST(x.before -> 'updated_at' ->> 0 AS timestamptz)
"""
_FORMER_EMAILS = f"SELECT id AS customer_id, CAST(address_id AS bigint) AS former_id FROM ({_VALUES}) v" \
    " WHERE is_ours AND key = 'email'"
# Somebody else may have the former email by now; then the person keeps the one the file brought.
_FREE = f"""
    SELECT f.customer_id, f.former_id FROM ({_FORMER_EMAILS}) f
    WHERE f.former_id IS NULL OR NOT EXISTS (
        SELECT FROM addresses former JOIN addresses other ON other.workspace_id = :w AND other.key = former.key
            AND other.kind = 'email' AND other.ended_at IS NULL AND other.customer_id <> former.customer_id
        WHERE former.workspace_id = :w AND former.customer_id = f.customer_id AND former.id = f.former_id)
"""
_ADDED = """
    SELECT c.id FROM customers c
    WHERE c.workspace_id = :w AND c.id > :after AND c.provenance -> '*' -> 0 = to_jsonb(CAST(:import_id AS bigint))
    ORDER BY c.id LIMIT :limit FOR UPDATE
"""
# Whoever somebody has told us more of since, here; other rooms answer for themselves.
CHANGED = """
    SELECT c.id FROM customers c WHERE c.workspace_id = :w AND c.id = ANY(CAST(:ids AS bigint[])) AND (
        EXISTS (SELECT FROM jsonb_each(c.provenance) e WHERE e.value -> 0 <> to_jsonb(CAST(:import_id AS bigint)))
        OR EXISTS (SELECT FROM addresses a WHERE a.workspace_id = :w AND a.customer_id = c.id
                     AND a.provenance -> 0 <> to_jsonb(CAST(:import_id AS bigint))))
    UNION SELECT customer_id FROM activities WHERE workspace_id = :w AND customer_id = ANY(CAST(:ids AS bigint[]))
    UNION SELECT customer_id FROM activity_refs WHERE workspace_id = :w AND customer_id = ANY(CAST(:ids AS bigint[]))
    UNION SELECT customer_id FROM organisation_members
    WHERE workspace_id = :w AND customer_id = ANY(CAST(:ids AS bigint[]))
    UNION SELECT customer_id FROM household_members
    WHERE workspace_id = :w AND customer_id = ANY(CAST(:ids AS bigint[]))
    UNION SELECT customer_id FROM customer_relations
    WHERE workspace_id = :w AND customer_id = ANY(CAST(:ids AS bigint[]))
    UNION SELECT related_id FROM customer_relations
    WHERE workspace_id = :w AND related_id = ANY(CAST(:ids AS bigint[]))
"""
_BACK = "RETURNING customer_id, kind"
_DELETIONS = ("addresses", "customer_engagement")


def restore(session: Session, found: Import, *, after: int, now: datetime) -> Piece:
    """Give the next people back what the import changed."""
    binds: dict[str, Any] = {"w": found.workspace_id, "import_id": found.id}
    ids = list(session.scalars(text(_HELD), {**binds, "after": after, "limit": ROWS}))
    if not ids:
        return Piece(None, {})
    binds["ids"] = ids
    told = session.execute(
        text(
            f"SELECT count(DISTINCT id) FILTER (WHERE is_ours), count(DISTINCT id) FILTER (WHERE NOT is_ours)"
            f" FROM ({_VALUES}) v WHERE key <> 'updated_at'"
        ),
        binds,
    ).one()
    kept = _restore_emails(session, found.workspace_id, binds, now=now)
    _remove_addresses(session, found.workspace_id, binds, now=now)
    times = {"now": now, "finished_at": found.finished_at or now}
    session.execute(text(_RESTORE), {**binds, **times})
    session.execute(text(_RESTORE_TIME), {**binds, **times})
    return Piece(ids[-1], {"restored": told[0] or 0, "kept_changed": (told[1] or 0) + kept})


def remove(session: Session, found: Import, *, after: int, now: datetime) -> Piece:  # noqa: ARG001
    """Delete the next people whom the import added and nobody has touched since."""
    binds: dict[str, Any] = {"w": found.workspace_id, "import_id": found.id}
    ids = list(session.scalars(text(_ADDED), {**binds, "after": after, "limit": ROWS}))
    if not ids:
        return Piece(None, {})
    changed = set(session.scalars(text(CHANGED), {**binds, "ids": ids}))
    used = traces.find(session, found.workspace_id, [each for each in ids if each not in changed])
    gone = [each for each in ids if each not in changed and each not in used]
    if gone:
        for table in _DELETIONS:
            session.execute(
                text(f"DELETE FROM {table} WHERE workspace_id = :w AND customer_id = ANY(CAST(:ids AS bigint[]))"),
                {"w": found.workspace_id, "ids": gone},
            )
        session.execute(
            text("DELETE FROM customers WHERE workspace_id = :w AND id = ANY(CAST(:ids AS bigint[]))"),
            {"w": found.workspace_id, "ids": gone},
        )
    return Piece(ids[-1], {"removed": len(gone), "kept_changed": len(changed), "kept_used": len(used)})


def _remove_addresses(session: Session, workspace_id: int, binds: dict[str, Any], *, now: datetime) -> None:
    """Remove the further addresses that the file brought; one of whoever was mailed since stays in the history."""
    used = traces.find(session, workspace_id, binds["ids"])
    # Whose primary email the file changed got the former one back before.
    asked = set(session.scalars(text(f"SELECT customer_id FROM ({_FORMER_EMAILS}) f"), binds))
    ours = "workspace_id = :w AND customer_id = ANY(CAST(:ids AS bigint[]))"
    ours += " AND provenance -> 0 = to_jsonb(CAST(:import_id AS bigint)) AND ended_at IS NULL"
    ours += " AND NOT (kind = 'email' AND is_primary AND customer_id = ANY(CAST(:asked AS bigint[])))"
    values = {"w": workspace_id, "import_id": binds["import_id"], "now": now, "asked": sorted(asked)}
    gone = [
        *session.execute(
            text(f"UPDATE addresses SET ended_at = :now, is_primary = false WHERE {ours} AND kind = 'email' {_BACK}"),
            {**values, "ids": sorted(used)},
        ),
        *session.execute(text(f"DELETE FROM addresses WHERE {ours} {_BACK}"), {**values, "ids": binds["ids"]}),
    ]
    if changed := sorted({row.customer_id for row in gone if row.kind == "email"}):
        projection.refresh(session, workspace_id, changed, now=now)


def _restore_emails(session: Session, workspace_id: int, binds: dict[str, Any], *, now: datetime) -> int:
    """Let the former emails be the primary ones again; return how many cannot be."""
    asked = session.scalars(text(f"SELECT customer_id FROM ({_FORMER_EMAILS}) f"), binds).all()
    if not asked:
        return 0
    free: dict[int, int | None] = {row.customer_id: row.former_id for row in session.execute(text(_FREE), binds)}
    used = traces.find(session, workspace_id, list(free))
    values = {"w": workspace_id, "import_id": binds["import_id"], "now": now}
    every, former = list(free), [each for each in free.values() if each is not None]
    of_these = "workspace_id = :w AND customer_id = ANY(CAST(:ids AS bigint[])) AND kind = 'email'"
    session.execute(
        text(f"UPDATE addresses SET is_primary = false WHERE {of_these} AND is_primary"), {**values, "ids": every}
    )
    # A message may have left to the address the file brought: then it stays in the history.
    ours = f"{of_these} AND provenance -> 0 = to_jsonb(CAST(:import_id AS bigint))"
    ours += " AND id <> ALL(CAST(:former AS bigint[]))"
    session.execute(
        text(f"UPDATE addresses SET ended_at = :now WHERE {ours} AND ended_at IS NULL"),
        {**values, "ids": [each for each in every if each in used], "former": former},
    )
    session.execute(
        text(f"DELETE FROM addresses WHERE {ours}"),
        {**values, "ids": [each for each in every if each not in used], "former": former},
    )
    session.execute(
        text(
            f"UPDATE addresses SET is_primary = true, ended_at = NULL WHERE {of_these}"
            " AND id = ANY(CAST(:former AS bigint[]))"
        ),
        {**values, "ids": every, "former": former},
    )
    projection.refresh(session, workspace_id, every, now=now)
    return len(asked) - len(every)
