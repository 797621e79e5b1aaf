"""Unpacks gzip and zip, bounded in size and depth; used when an uploaded file is stored.

Nothing is written under a name that an archive gives, and no more is unpacked than a file may hold.
"""

from __future__ import annotations

import gzip
import lzma
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, NamedTuple

from app.customers.imports.formats.refusing import LARGEST, PIECE, FileRefused
from app.kernel.translatable import N_, MessageId

_GZIP, _ZIP = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06")
# A compressed file within an archive, and no further.
DEEPEST = 2
# The table of contents of an archive, which is read whole: some thousand names.
LARGEST_CONTENTS = PIECE
# Sheets of Excel, in XML or binary, and of LibreOffice.
_WORKBOOKS = frozenset(("xl/workbook.xml", "xl/workbook.bin", "content.xml"))
_DAMAGED = (
    *(EOFError, OSError, NotImplementedError, RuntimeError, ValueError),
    *(zlib.error, lzma.LZMAError, zipfile.BadZipFile, struct.error),
)
_END = struct.Struct("<4s4H2LH")
_LONGEST_COMMENT = 1 << 16


class Unpacked(NamedTuple):
    """What was in an archive, or the file itself where it was none."""

    content: IO[bytes]
    is_workbook: bool = False


def unpack(file: IO[bytes]) -> Unpacked:
    """Return the one file that is meant, at its beginning; raise FileRefused."""
    for depth in range(DEEPEST + 1):
        head = _head(file)
        if not head.startswith((_GZIP, *_ZIP)):
            return Unpacked(file)
        if head.startswith(_ZIP) and _WORKBOOKS & set(_names(file)):
            return Unpacked(file, is_workbook=True)
        if depth == DEEPEST:
            break
        file = _inflated(_gzip_pieces(file) if head.startswith(_GZIP) else _zip_pieces(file))
    raise _refused(N_("This archive holds an archive in an archive. Unpack it and choose the file itself."))


def _head(file: IO[bytes]) -> bytes:
    file.seek(0)
    head = file.read(4)
    file.seek(0)
    return head


def _inflated(pieces: Iterator[bytes]) -> IO[bytes]:
    """Return the content in a file of its own, which the system forgets with it."""
    unpacked, size = tempfile.TemporaryFile(), 0  # noqa: SIM115 - whoever reads it closes it
    try:
        for piece in pieces:
            size += len(piece)
            if size > LARGEST:
                raise _refused(N_("Unpacked, this file is larger than 512 MB. Please split it."))
            unpacked.write(piece)
    except _DAMAGED:
        raise _refused(N_("This archive is damaged or packed in a way that is not known here.")) from None
    unpacked.seek(0)
    return unpacked


def _gzip_pieces(file: IO[bytes]) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=file) as packed:
        while piece := packed.read(PIECE):
            yield piece


def _zip_pieces(file: IO[bytes]) -> Iterator[bytes]:
    with zipfile.ZipFile(file) as archive:
        with archive.open(_only_file(archive)) as packed:
            while piece := packed.read(PIECE):
                yield piece


def _only_file(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """Return the one file of an archive, whatever programs put beside it for themselves; raise FileRefused."""
    found = [each for each in archive.infolist() if not each.is_dir() and not _is_metadata(each.filename)]
    if any(_leads_out(each.filename) for each in found):
        raise _refused(N_("This archive names files outside of itself. It is not opened."))
    if any(each.flag_bits & 1 for each in found):
        raise _refused(N_("This archive is protected by a password. Unpack it and choose the file itself."))
    if len(found) != 1:
        raise _refused(N_("This archive holds several files, or none. Unpack it and choose one of them."))
    return found[0]


def _is_metadata(name: str) -> bool:
    return name.startswith("__MACOSX/") or (name.rpartition("/")[2].startswith(".") and ".." not in name)


def _leads_out(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or parts[0] == "" or ":" in parts[0]


def _names(file: IO[bytes]) -> list[str]:
    """Return the names in an archive whose table of contents is no larger than any real one; raise FileRefused."""
    if _contents_size(file) > LARGEST_CONTENTS:
        raise _refused(N_("This archive holds several files, or none. Unpack it and choose one of them."))
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.namelist()
    except _DAMAGED:
        raise _refused(N_("This archive is damaged or packed in a way that is not known here.")) from None
    finally:
        file.seek(0)


def _contents_size(file: IO[bytes]) -> int:
    """Return how long the table of contents says it is; one of the 64-bit kind, for files beyond ours, is too long."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _LONGEST_COMMENT - _END.size))
    tail = file.read()
    file.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(tail):
        return 0
    is_large = tail[max(0, at - 20) : at].startswith(b"PK\x06\x07")
    return LARGEST if is_large else int(_END.unpack_from(tail, at)[5])


def _refused(why: MessageId) -> FileRefused:
    return FileRefused(why, field="file")
