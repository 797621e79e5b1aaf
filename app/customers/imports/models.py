"""The tables of imports: the file, what is to be done with it, what it changed, and which rows it was refused for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, SmallInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.customers.models import Attached
from app.kernel.database import Base, Numbered


def _of_import() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["workspace_id", "import_id"], ["imports.workspace_id", "imports.id"], ondelete="CASCADE"
    )


class Import(Numbered, Base):
    """One file that was brought in: who, when, from where, read how, and what came of it.

    `rows_done` moves in the transaction that writes the rows, so a killed import goes on where it stopped.
    """

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint("kind ~ '^[a-z_]{1,40}$'", name="kind"),
        CheckConstraint("source IN ('own', 'external')", name="source"),
        CheckConstraint("nature BETWEEN 0 AND 7", name="nature"),
        ForeignKeyConstraint(["workspace_id", "source_id"], ["sources.workspace_id", "sources.id"]),
        CheckConstraint("format IN ('csv', 'jsonl', 'workbook')", name="format"),
        CheckConstraint(
            "state IN ('uploaded', 'mapped', 'checking', 'checked', 'running', 'paused', 'cancelled', 'done', 'failed',"
            " 'undoing', 'undone')",
            name="state",
        ),
    )

    kind: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="uploaded", default="uploaded")
    file_name: Mapped[str]
    sha256: Mapped[str]
    size_bytes: Mapped[int]
    source: Mapped[str]
    source_note: Mapped[str] = mapped_column(server_default="", default="")
    # Where it comes from in the catalogue of sources, and what its values are like (`profiles.provenance`).
    source_id: Mapped[int | None]
    nature: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)
    certainty: Mapped[int | None] = mapped_column(SmallInteger)
    created_by: Mapped[int | None]
    created_at: Mapped[datetime]
    # What the file is by its content, and the sheet that is read where it is a workbook.
    format: Mapped[str] = mapped_column(server_default="csv", default="csv")
    sheet: Mapped[str] = mapped_column(server_default="", default="")
    sheets: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}", default=list)
    encoding: Mapped[str]
    delimiter: Mapped[str]
    header: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}", default=list)
    mapping: Mapped[dict[str, Any]] = mapped_column(server_default="{}", default=dict)
    options: Mapped[dict[str, Any]] = mapped_column(server_default="{}", default=dict)
    rows_done: Mapped[int] = mapped_column(server_default="0", default=0)
    bytes_done: Mapped[int] = mapped_column(server_default="0", default=0)
    counts: Mapped[dict[str, Any]] = mapped_column(server_default="{}", default=dict)
    rehearsal: Mapped[dict[str, Any]] = mapped_column(server_default="{}", default=dict)
    # The first rows about somebody whom an earlier row named, as `batches.Repeat`.
    repeats: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]", default=list)
    failure: Mapped[str | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    # How far its undo is, and what came of it.
    undo: Mapped[dict[str, Any]] = mapped_column(server_default="{}", default=dict)
    undone_at: Mapped[datetime | None]

    def line(self, row: int) -> int:
        """Return where people find a row: rows of a table are counted with the heading, JSON Lines have none."""
        return row - 1 if self.format == "jsonl" else row


class ImportChange(Attached, Base):
    """What an import changed of a row that was there before it: each value as it was, and what else an undo needs."""

    __tablename__ = "import_changes"
    __table_args__ = (
        _of_import(),
        CheckConstraint(
            "kind IN ('customer', 'order', 'product', 'organisation', 'member', 'home', 'owned_item')", name="kind"
        ),
    )

    import_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    row_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    before: Mapped[dict[str, Any]]


class ImportFile(Attached, Base):
    """One megabyte of a file, kept in the database so that any machine's worker can read it: of its rows as text, and
    of the upload itself where that is something else.
    """

    __tablename__ = "import_files"
    __table_args__ = (_of_import(),)

    import_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    is_upload: Mapped[bool] = mapped_column(primary_key=True, server_default="false", default=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes]


class RefusedRow(Attached, Base):
    """One row of a file that could not be taken, with the reason and the cells as they stood."""

    __tablename__ = "import_errors"
    __table_args__ = (_of_import(),)

    import_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason: Mapped[str]
    detail: Mapped[str] = mapped_column(server_default="", default="")
    place: Mapped[int | None] = mapped_column(SmallInteger)
    cells: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}", default=list)
