"""Files at hand, looked through without being stored: what `assent import --dry-run` reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Protocol

from sqlalchemy.orm import Session

from app.customers.imports import files, plans
from app.customers.imports.formats import conversion
from app.customers.imports.formats.refusing import LARGEST, PIECE, FileRefused
from app.customers.imports.models import Import
from app.customers.imports.parsing import reading
from app.customers.imports.parsing.batches import Refused
from app.customers.imports.previewing.preview import Preview
from app.customers.values import one_line
from app.kernel.translatable import N_


@dataclass
class LocalFile:
    """A file and what it is taken for: `found` is an import that is not kept, `rows` the file as CSV."""

    found: Import
    rows: IO[bytes]
    sample: bytes

    @property
    def layout(self) -> reading.Layout:
        """Return how the rows are laid out."""
        return reading.layout(self.sample, self.found.encoding, self.found.delimiter)

    def first_rows(self, most: int) -> list[list[str]]:
        """Return the first rows, without the heading."""
        return list(reading.sample_rows(self.sample, self.layout, limit=most + 1))[1:]


class OpenSession(Protocol):
    """Opens a transaction in the workspace that keeps nothing but what was there before."""

    def __call__(self) -> AbstractContextManager[Session]: ...


def open_file(
    file: IO[bytes], *, workspace_id: int, file_name: str, kind: str, sheet: str, now: datetime
) -> LocalFile:
    """Recognise a file that can be read from any place; raise FileRefused."""
    found = Import(
        id=0,
        workspace_id=workspace_id,
        kind=kind,
        state="uploaded",
        file_name=one_line(file_name)[-files.LONGEST_NAME :] or "file.csv",
        source="own",
        created_by=None,
        created_at=now,
        rows_done=0,
        mapping={},
        options={},
    )
    found.sha256, found.size_bytes = _digest(file)
    converted = conversion.convert(file, sheet=sheet)
    if sheet and sheet not in converted.sheets:
        raise FileRefused(N_("There is no such sheet in this file."), field="sheet")
    converted.rows.seek(0)
    sample = converted.rows.read(files.SAMPLE)
    files.recognise(found, sample, converted)
    return LocalFile(found, converted.rows, sample)


def look_through(
    opened: LocalFile, open_session: OpenSession, preview: Preview, *, now: datetime
) -> Iterator[list[Refused]]:
    """Let the preview take in the whole file, of which nothing is written; yield refused rows as they are met."""
    with open_session() as session:
        plan = plans.make(session, opened.found, opened.layout)
    for batch in plans.read(lambda: _LocalRows(opened.rows), plan):
        with open_session() as session:
            refused = preview.add(session, plan, batch, now=now)
        yield refused
        if preview.stopped:
            return


class _LocalRows(files.Rows):
    """The rows from the beginning, whoever else reads the same file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._file.seek(self.bytes_read)
        found = self._file.read(len(buffer))
        buffer[: len(found)] = found
        self.bytes_read += len(found)
        return len(found)


def _digest(file: IO[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while piece := file.read(PIECE):
        digest.update(piece)
        size += len(piece)
        if size > LARGEST:
            raise FileRefused(N_("This file is larger than 512 MB. Please split it."), field="file")
    if not size:
        raise FileRefused(N_("This file is empty."), field="file")
    file.seek(0)
    return digest.hexdigest(), size
