"""What imports changed of rows that were there, kept for their undo; rooms that are imported into write and read it.

The statements bind `w` and `import_id`.
"""

from __future__ import annotations


def keep_sql(kind: str, rows: str) -> str:
    """Return the statement that keeps `rows`, a query of (row_id, before). Of several changes the first one counts."""
    return f"""INSERT INTO import_changes (workspace_id, import_id, kind, row_id, before)
        SELECT :w, :import_id, '{kind}', k.row_id, k.before FROM ({rows}) k ON CONFLICT DO NOTHING"""


def keep_at_sql(kind: str, rows: str) -> str:
    """Return the statement that keeps `rows`, each with the time of the change as `at`; the latest time counts."""
    return f"""INSERT INTO import_changes AS x (workspace_id, import_id, kind, row_id, before)
        SELECT :w, :import_id, '{kind}', k.row_id, k.before || jsonb_build_object('at', CAST(:now AS timestamptz))
        FROM ({rows}) k
        ON CONFLICT (workspace_id, import_id, kind, row_id) DO UPDATE
        SET before = x.before || jsonb_build_object('at', excluded.before -> 'at')"""


def kept_sql(kind: str) -> str:
    """Return the query of (row_id, before) of everything kept."""
    return f"""(SELECT row_id, before FROM import_changes
        WHERE workspace_id = :w AND import_id = :import_id AND kind = '{kind}')"""
