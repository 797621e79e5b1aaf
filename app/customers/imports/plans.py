"""What a run through a file needs, the same for a preview and an import."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.customers.imports import evidence, files, kinds
from app.customers.imports.formats import refusing
from app.customers.imports.kinds import RowReader, Stage
from app.customers.imports.mapping.mapping import Options
from app.customers.imports.models import Import
from app.customers.imports.occurrences import Occurrences
from app.customers.imports.parsing import batches, reading
from app.customers.imports.parsing.batches import Batch
from app.customers.imports.parsing.reading import Layout, Record
from app.kernel.database import Database
from app.kernel.processes import garbage

# Opens the rows of a file from the beginning, as often as they are read.
OpenRows = Callable[[], files.Rows]
# A batch is some hundred thousand objects.
_OBJECTS = 500_000


@dataclass
class Plan:
    """Everything a run needs to know of the file, read once."""

    workspace_id: int
    import_ref: evidence.ImportRef
    layout: Layout
    width: int
    after: int
    options: Options
    reader: RowReader
    stage: Stage
    digest_key: bytes
    # So many rows are taken over at once, unless somebody asks otherwise.
    batch_rows: int


def take_turn(session: Session, workspace_id: int) -> None:
    """Wait until no other file of the workspace is being written: two at once would lock people in different orders."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("customers.imports"), workspace_id % 2**31)))


def make(session: Session, found: Import, layout: Layout | None = None) -> Plan:
    """Return the plan of this file, from where it stands; `layout` tells how a file is written that is not stored."""
    options = Options(**found.options)
    ref = evidence.ImportRef(found.id, found.file_name, found.sha256, found.source, found.created_by)
    kind = kinds.get(session, found.kind)
    layout = layout or files.layout_of(session, found)
    return Plan(
        workspace_id=found.workspace_id,
        import_ref=ref,
        layout=layout,
        width=len(found.header),
        after=max(found.rows_done, layout.header),
        options=options,
        reader=kind.reader(session, found, options),
        stage=kind.stage(found, options),
        digest_key=workspaces.get(session, found.workspace_id).digest_key,
        batch_rows=kind.batch_rows,
    )


def stored(database: Database, plan: Plan) -> OpenRows:
    """Return what opens the rows of a stored file."""
    return lambda: files.StoredFile(database, plan.workspace_id, plan.import_ref.import_id)


def read(open_rows: OpenRows, plan: Plan, rows: int | None = None) -> Iterator[Batch]:
    """Yield the batches, the next one being read and checked while the database takes over the one before."""
    readers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="import-reader")
    with garbage.rarely_collected(above=_OBJECTS), readers as reader:
        batches_read = _read(open_rows, plan, rows or plan.batch_rows)
        coming = reader.submit(next, batches_read, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches_read, None)
            yield batch


def _read(open_rows: OpenRows, plan: Plan, rows: int) -> Iterator[Batch]:
    latest = _latest(open_rows, plan, rows)
    for batch in _checked(open_rows, plan, rows, after=plan.after, latest=latest):
        batch.laid_out = plan.stage.lay_out(batch, plan.digest_key)
        yield batch


def _latest(open_rows: OpenRows, plan: Plan, rows: int) -> Occurrences | None:
    """Look through the whole file for the last row of each person or thing, where that has to be known."""
    latest = Occurrences()
    if (shared_at := plan.reader.shared_at) is not None:
        for number, cells in _records(plan, open_rows()):
            if shared := batches.shared_value(cells, shared_at):
                latest.note(shared, number)
        return latest
    if plan.options.repeats != "last":
        return None
    for batch in _checked(open_rows, plan, rows, after=plan.layout.header):
        for person in batch.people:
            latest.note(plan.reader.identity(person), max(person.row, *person.covers, 0))
    return latest


def _checked(
    open_rows: OpenRows, plan: Plan, rows: int, *, after: int, latest: Occurrences | None = None
) -> Iterator[Batch]:
    opened = open_rows()
    return batches.read(
        _records(plan, opened),
        batches.RowChecks(plan.reader, plan.width, met=Occurrences(), latest=latest),
        progress=lambda: opened.bytes_read,
        after=after,
        rows=rows,
    )


def _records(plan: Plan, opened: files.Rows) -> Iterator[Record]:
    records = reading.records(io.BufferedReader(opened, buffer_size=refusing.PIECE), plan.layout)
    return (record for record in records if record[0] > plan.layout.header)
