"""How long the files of ended imports are kept: as long as the workspace says, to be had again from their page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.orm import Session, aliased

from app.accounts import workspaces
from app.customers.imports import steps
from app.customers.imports.models import Import, ImportFile
from app.kernel.database import Database
from app.kernel.refusals import NotFound


def settle(session: Session, found: Import) -> None:
    """Delete what is not to be kept of the file of an import that has ended; its digest stays as proof of it.

    Of a file that came as something else than CSV its rows go, and the file stays as it was uploaded.
    """
    if workspaces.get(session, found.workspace_id).import_file_days:
        upload = aliased(ImportFile)
        is_there = exists().where(*_of(found, upload), upload.is_upload)
        session.execute(delete(ImportFile).where(*_of(found), ImportFile.is_upload.is_(False), is_there))
    else:
        session.execute(delete(ImportFile).where(*_of(found)))


def kept_until(session: Session, found: Import) -> datetime | None:
    """Return until when the file of an ended import can be had, None where it is gone."""
    if found.finished_at is None or session.scalar(select(ImportFile.position).where(*_of(found)).limit(1)) is None:
        return None
    return found.finished_at + timedelta(days=workspaces.get(session, found.workspace_id).import_file_days)


def pieces(database: Database, found: Import) -> Iterator[bytes]:
    """Return the file as it was uploaded, piece by piece, each in a short transaction of its own; raise NotFound."""
    with database.transaction(found.workspace_id) as session:
        newest = select(ImportFile.is_upload).where(*_of(found)).order_by(ImportFile.is_upload.desc()).limit(1)
        is_upload = session.scalar(newest)
    if is_upload is None:
        raise NotFound
    return _pieces(database, found, is_upload=is_upload)


# A file that was uploaded and never imported is thrown away after so long.
ABANDONED = timedelta(days=30)


def forget_expired(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Delete the files of imports that ended longer ago than the workspace keeps them."""
    before = now - timedelta(days=workspaces.get(session, workspace_id).import_file_days)
    never_started = Import.state.in_(steps.OPEN) & (Import.created_at <= now - ABANDONED)
    ended = select(Import.id).where(
        Import.workspace_id == workspace_id, or_(Import.finished_at <= before, never_started)
    )
    session.execute(
        delete(ImportFile).where(ImportFile.workspace_id == workspace_id, ImportFile.import_id.in_(ended))
    )


def _pieces(database: Database, found: Import, *, is_upload: bool) -> Iterator[bytes]:
    position = 0
    while True:
        with database.transaction(found.workspace_id) as session:
            piece = session.get(ImportFile, (found.workspace_id, found.id, is_upload, position))
        if piece is None:
            return
        yield piece.data
        position += 1


def _of(found: Import, file: type[ImportFile] = ImportFile) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return file.workspace_id == found.workspace_id, file.import_id == found.id
