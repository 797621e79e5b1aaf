"""Gives back what an import changed in a table whose rows remember their import, and removes what it added.

The table has `id`, `import_id`, `created_at` and `updated_at`. A row is still as the import left it while its
`updated_at` is the one the import wrote; one that the import added has not been changed while that is `created_at`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.imports.models import Import
from app.customers.imports.undoing import changes
from app.customers.imports.undoing.piece import ROWS

# When a change by a file is written down: what the file itself has added is still as it was added.
STAMP = """updated_at = CASE WHEN t.import_id = :import_id AND t.updated_at = t.created_at
    THEN t.created_at ELSE CAST(:now AS timestamptz) END"""


@dataclass(frozen=True)
class RestoredTable:
    """`kind` names its rows in `import_changes`; `columns` return; an added row stays while `in_use` says so of `t`."""

    kind: str
    table: str
    columns: tuple[str, ...]
    in_use: str

    def keep(self, stage: str, found_by: str) -> str:
        """Return the statement that keeps rows as they are before a change, but for those the file itself added."""
        return changes.keep_at_sql(
            self.kind,
            f"""SELECT t.id AS row_id, jsonb_build_object('row', to_jsonb(t)) AS before
                FROM {stage} s JOIN {self.table} t ON t.workspace_id = :w AND {found_by}
                WHERE s.outcome = 'updated' AND (t.import_id IS DISTINCT FROM :import_id
                                                 OR t.updated_at <> t.created_at)
                FOR NO KEY UPDATE OF t""",
        )

    @property
    def kept(self) -> str:
        """The query of what was kept: `row_id`, `before` and `o`, the former row."""
        return f"""(SELECT x.row_id, x.before, o FROM {changes.kept_sql(self.kind)} x
            CROSS JOIN LATERAL jsonb_populate_record(CAST(NULL AS {self.table}), x.before -> 'row') o)"""

    def next_ids(self, session: Session, found: Import, after: int) -> list[int]:
        """Return the next rows that the import changed."""
        query = f"SELECT row_id FROM {changes.kept_sql(self.kind)} x WHERE row_id > :after ORDER BY 1 LIMIT :limit"
        return list(session.scalars(text(query), {**_binds(found), "after": after, "limit": ROWS}))

    def restore(self, session: Session, found: Import, ids: Sequence[int]) -> int:
        """Give these rows back what they were, unless they were changed since; return how many."""
        sets = ", ".join(f"{name} = (x.o).{name}" for name in (*self.columns, "updated_at"))
        restored = session.execute(
            text(
                f"""UPDATE {self.table} t SET {sets} FROM {self.kept} x
                    WHERE x.row_id = ANY(CAST(:ids AS bigint[])) AND t.workspace_id = :w AND t.id = x.row_id
                      AND t.updated_at = CAST(x.before ->> 'at' AS timestamptz)"""
            ),
            {**_binds(found), "ids": list(ids)},
        )
        return int(restored.rowcount)  # type: ignore[attr-defined]

    def remove(self, session: Session, found: Import) -> tuple[int, int]:
        """Remove what the import added and nobody has changed or uses; return how many went, and how many stay."""
        removed = session.execute(
            text(
                f"""DELETE FROM {self.table} t WHERE t.workspace_id = :w AND t.import_id = :import_id
                    AND t.updated_at = t.created_at AND NOT ({self.in_use})"""
            ),
            _binds(found),
        )
        left = f"SELECT count(*) FROM {self.table} t WHERE t.workspace_id = :w AND t.import_id = :import_id"
        return int(removed.rowcount), session.scalar(text(left), _binds(found)) or 0  # type: ignore[attr-defined]


def _binds(found: Import) -> dict[str, Any]:
    return {"w": found.workspace_id, "import_id": found.id}
