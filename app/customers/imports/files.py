"""Uploaded files, stored in the database in pieces so that any machine's worker can read them."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime
from typing import IO

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.customers.imports.parsing import encodings, reading
from app.customers.models import Import, ImportFile
from app.customers.values import one_line
from app.kernel.database import Database
from app.kernel.refusals import NotFound, Refusal
from app.kernel.translatable import N_

PIECE = 1 << 20
LARGEST = 512 * PIECE
LONGEST_NAME = 200
MOST_COLUMNS = 500
# What the guess of encoding and separator is made from.
SAMPLE = 256 * 1024


class FileRefused(Refusal):
    """The file is empty, too large, or not a table of text."""

    status = 422
    message = N_("This file cannot be read as a table.")


def store(
    session: Session,
    workspace_id: int,
    file: IO[bytes],
    *,
    file_name: str,
    kind: str,
    source: str,
    source_note: str,
    staff_id: int | None,
    now: datetime,
) -> Import:
    """Keep the file and return its import, with encoding, separator and header guessed; raise FileRefused."""
    found = Import(
        workspace_id=workspace_id,
        kind=kind,
        file_name=one_line(file_name)[-LONGEST_NAME:] or "file.csv",
        sha256="",
        size_bytes=0,
        source=source,
        source_note=one_line(source_note)[:LONGEST_NAME],
        created_by=staff_id,
        created_at=now,
        encoding="utf-8",
        delimiter=",",
    )
    session.add(found)
    session.flush()
    sample = _store_pieces(session, found, file)
    if reading.is_workbook(sample):
        raise FileRefused(
            N_("This is a workbook. Save it as CSV in your spreadsheet program and choose that."), field="file"
        )
    encoding = encodings.guess(sample)
    if not reading.is_text(sample, encoding):
        raise FileRefused(N_("This file holds no text. Choose a CSV file."), field="file")
    reread(found, sample, encoding=encoding, delimiter=None)
    session.flush()
    return found


def reread(found: Import, sample: bytes, *, encoding: str, delimiter: str | None) -> None:
    """Read the header anew, as the person says the file is written; raise FileRefused."""
    laid_out = reading.layout(sample, encoding, delimiter)
    found.encoding, found.delimiter = laid_out.encoding, laid_out.delimiter
    first = next(reading.sample_rows(sample, laid_out, limit=1), None)
    if first is None:
        raise FileRefused(N_("This file holds no rows that can be read."), field="file")
    if len(first) > MOST_COLUMNS:
        raise FileRefused(N_("This file has more than 500 columns."), field="file")
    found.header = [name.replace("\0", "").replace(reading.UNREADABLE, "?")[:100] for name in first]


def layout_of(session: Session, found: Import) -> reading.Layout:
    """Return how the file is laid out, as far as its beginning tells and the person said."""
    return reading.layout(sample_of(session, found), found.encoding, found.delimiter)


def find_twin(session: Session, found: Import) -> Import | None:
    """Return the latest finished import of the very same file, to warn before it is taken twice."""
    query = (
        select(Import)
        .where(
            Import.workspace_id == found.workspace_id,
            Import.sha256 == found.sha256,
            Import.kind == found.kind,
            Import.id != found.id,
            Import.state == "done",
        )
        .order_by(Import.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def sample_of(session: Session, found: Import) -> bytes:
    """Return the beginning of the file."""
    query = select(func.substring(ImportFile.data, 1, SAMPLE)).where(
        ImportFile.workspace_id == found.workspace_id,
        ImportFile.import_id == found.id,
        ImportFile.position == 0,
    )
    sample = session.scalar(query)
    if sample is None:
        raise NotFound
    return bytes(sample)


def forget(session: Session, found: Import) -> None:
    """Delete the content once it has been taken over; the digest stays as proof of which file it was."""
    session.execute(
        delete(ImportFile).where(ImportFile.workspace_id == found.workspace_id, ImportFile.import_id == found.id)
    )


class StoredFile(io.RawIOBase):
    """A stored file as a stream: piece by piece, each in a short transaction of its own."""

    def __init__(self, database: Database, workspace_id: int, import_id: int) -> None:
        self._database = database
        self._key = (workspace_id, import_id)
        self._next_piece = 0
        self._rest = memoryview(b"")
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = memoryview(self._fetch())
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def _fetch(self) -> bytes:
        with self._database.transaction(self._key[0]) as session:
            piece = session.get(ImportFile, (*self._key, self._next_piece))
        self._next_piece += 1
        self.bytes_read += len(piece.data) if piece else 0
        return piece.data if piece else b""


def _store_pieces(session: Session, found: Import, file: IO[bytes]) -> bytes:
    digest, sample = hashlib.sha256(), b""
    for position in range(LARGEST // PIECE + 1):
        piece = file.read(PIECE)
        if not piece:
            break
        if position * PIECE >= LARGEST:
            raise FileRefused(N_("This file is larger than 512 MB. Please split it."), field="file")
        digest.update(piece)
        sample = sample or piece[:SAMPLE]
        found.size_bytes += len(piece)
        row = ImportFile(workspace_id=found.workspace_id, import_id=found.id, position=position, data=piece)
        session.add(row)
        session.flush()
        session.expunge(row)
    if not found.size_bytes:
        raise FileRefused(N_("This file is empty."), field="file")
    found.sha256 = digest.hexdigest()
    return sample
