"""Uploaded files, stored in the database in pieces so that any machine's worker can read them."""

from __future__ import annotations

import hashlib
import io
import tempfile
from datetime import datetime
from typing import IO, Any, NamedTuple

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.orm import Session

from app.customers.imports.formats import conversion
from app.customers.imports.formats.conversion import Converted
from app.customers.imports.formats.refusing import LARGEST, PIECE, FileRefused
from app.customers.imports.models import Import, ImportFile
from app.customers.imports.parsing import encodings, reading
from app.customers.profiles.provenance import EXTERNAL
from app.customers.values import one_line
from app.kernel.database import Database
from app.kernel.refusals import NotFound
from app.kernel.translatable import N_

LONGEST_NAME = 200
MOST_COLUMNS = 500
# What the guess of encoding and separator is made from.
SAMPLE = 256 * 1024
# How rows are written that did not come as CSV.
_OURS = "utf-8-sig"


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
    """Keep the file and return its import, with format, encoding, separator and header guessed; raise FileRefused.

    What is no CSV is kept twice: as its rows, which are read from here on, and as it is.
    """
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
    found.nature = EXTERNAL if found.source == "external" else 0
    session.add(found)
    session.flush()
    converted = conversion.convert(file)
    uploaded = _store_pieces(session, found, file, is_upload=not converted.is_original)
    found.sha256, found.size_bytes = uploaded.sha256, uploaded.size
    sample = uploaded.sample if converted.is_original else _store_rows(session, found, converted)
    recognise(found, sample, converted)
    session.flush()
    return found


def recognise(found: Import, sample: bytes, converted: Converted) -> None:
    """Note what the file is and guess how it is written, by how its rows begin; raise FileRefused."""
    is_csv = converted.format == conversion.CSV
    encoding = encodings.guess(sample) if is_csv else _OURS
    if not reading.is_text(sample, encoding):
        raise FileRefused(
            N_("This file holds no text. Choose a CSV or Excel file, or JSON Lines."), field="file"
        )
    found.format, found.sheet, found.sheets = converted.format, converted.sheet, converted.sheets
    reread(found, sample, encoding=encoding, delimiter=None if is_csv else ",")


def read_sheet(session: Session, found: Import, sheet: str) -> Converted:
    """Return the rows of another sheet of the workbook, which takes a while; raise FileRefused."""
    if found.format != conversion.WORKBOOK or sheet not in found.sheets:
        raise FileRefused
    with tempfile.TemporaryFile() as upload:
        position = 0
        while piece := session.scalar(_piece(found, position, is_upload=True)):
            upload.write(piece)
            position += 1
        return conversion.convert(upload, sheet=sheet)


def use_sheet(session: Session, found: Import, converted: Converted) -> None:
    """Read these rows of the workbook from now on; raise FileRefused. Hold the import first."""
    session.execute(delete(ImportFile).where(*_of(found), ImportFile.is_upload.is_(False)))
    reread(found, _store_rows(session, found, converted), encoding=_OURS, delimiter=",")


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
        *_of(found), ImportFile.is_upload.is_(False), ImportFile.position == 0
    )
    sample = session.scalar(query)
    if sample is None:
        raise NotFound
    return bytes(sample)


class Rows(io.RawIOBase):
    """The rows of a file as a stream that knows how much of it was read."""

    bytes_read = 0

    def readable(self) -> bool:
        return True


class StoredFile(Rows):
    """The rows of a stored file: piece by piece, each in a short transaction of its own."""

    def __init__(self, database: Database, workspace_id: int, import_id: int) -> None:
        self._database = database
        self._key = (workspace_id, import_id)
        self._next_piece = 0
        self._rest = memoryview(b"")

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = memoryview(self._fetch())
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def _fetch(self) -> bytes:
        with self._database.transaction(self._key[0]) as session:
            piece = session.get(ImportFile, (*self._key, False, self._next_piece))
        self._next_piece += 1
        self.bytes_read += len(piece.data) if piece else 0
        return piece.data if piece else b""


class _Stored(NamedTuple):
    sample: bytes
    size: int
    sha256: str


def _store_pieces(session: Session, found: Import, file: IO[bytes], *, is_upload: bool) -> _Stored:
    digest, sample, size = hashlib.sha256(), b"", 0
    file.seek(0)
    for position in range(LARGEST // PIECE + 1):
        piece = file.read(PIECE)
        if not piece:
            break
        if position * PIECE >= LARGEST:
            raise FileRefused(N_("This file is larger than 512 MB. Please split it."), field="file")
        digest.update(piece)
        sample = sample or piece[:SAMPLE]
        size += len(piece)
        row = ImportFile(
            workspace_id=found.workspace_id, import_id=found.id, is_upload=is_upload, position=position, data=piece
        )
        session.add(row)
        session.flush()
        session.expunge(row)
    if not size:
        raise FileRefused(N_("This file is empty."), field="file")
    return _Stored(sample, size, digest.hexdigest())


def _store_rows(session: Session, found: Import, converted: Converted) -> bytes:
    """Keep the rows of what is no CSV, and return how they begin; progress is counted in them."""
    with converted.rows as rows:
        stored = _store_pieces(session, found, rows, is_upload=False)
    found.format, found.sheet, found.sheets = converted.format, converted.sheet, converted.sheets
    found.size_bytes = stored.size
    return stored.sample


def _of(found: Import) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return ImportFile.workspace_id == found.workspace_id, ImportFile.import_id == found.id


def _piece(found: Import, position: int, *, is_upload: bool) -> Select[Any]:
    return select(ImportFile.data).where(
        *_of(found), ImportFile.is_upload.is_(is_upload), ImportFile.position == position
    )
