"""Turns a sheet of a workbook (Excel, LibreOffice) into CSV, in a child that may not take more than its share."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from pathlib import Path
from typing import IO, NamedTuple

from app.customers.imports.formats import workbook_child
from app.customers.imports.formats.refusing import LARGEST, FileRefused
from app.kernel.processes.sandbox import ChildBusy, ChildDied, Limits, Sandbox
from app.kernel.translatable import N_

# The formats of Excel before 2007, and of workbooks that a password protects.
OLD = b"\xd0\xcf\x11\xe0"
LIMITS = Limits(cpu_seconds=30, seconds=90, answer_bytes=64 << 20)
# A child may take a gigabyte; so many at once in one process.
_turns = threading.BoundedSemaphore(2)


class Sheet(NamedTuple):
    """The rows of one sheet as CSV, its name, and the names of all that may be chosen."""

    content: IO[bytes]
    name: str
    names: list[str]


def to_csv(file: IO[bytes], sheet: str = "") -> Sheet:
    """Return the sheet of this name, or the first that holds rows; raise FileRefused."""
    if not _turns.acquire(timeout=LIMITS.seconds):
        raise FileRefused(N_("Other workbooks are being read. Try again in a moment."), field="file")
    reader = Sandbox(Path(workbook_child.__file__), limits=LIMITS, size=1)
    try:
        return _read(reader, file, sheet)
    except ChildDied:
        raise FileRefused(
            N_("This workbook is too large to be read. Save the sheet as CSV and choose that."), field="file"
        ) from None
    except ChildBusy:
        raise FileRefused(N_("Other workbooks are being read. Try again in a moment."), field="file") from None
    finally:
        reader.close()
        _turns.release()


def _read(reader: Sandbox, file: IO[bytes], sheet: str) -> Sheet:
    # The child opens it by a name, which only we know.
    with tempfile.NamedTemporaryFile() as named:
        file.seek(0)
        shutil.copyfileobj(file, named)
        named.flush()
        told = json.loads(_said(reader.run(json.dumps({"path": named.name, "sheet": sheet}).encode())))
        content = tempfile.TemporaryFile()  # noqa: SIM115 - whoever reads it closes it
        while piece := _said(reader.run(b"")):
            content.write(piece)
            if content.tell() > LARGEST:
                raise FileRefused(N_("Unpacked, this file is larger than 512 MB. Please split it."), field="file")
    content.seek(0)
    return Sheet(content, told["sheet"], told["sheets"])


def _said(answer: bytes) -> bytes:
    if answer.startswith(workbook_child.DONE):
        return answer[1:]
    if answer.startswith(workbook_child.PROTECTED):
        raise FileRefused(
            N_("This workbook is protected by a password. Save it without one, or as CSV."), field="file"
        )
    raise FileRefused(N_("This workbook cannot be read. Save the sheet as CSV and choose that."), field="file")
