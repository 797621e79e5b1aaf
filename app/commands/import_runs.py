"""Looks through or takes over one file for `assent import`, and reports what comes of it."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import IO, Any

from sqlalchemy.orm import Session

from app.commands import import_columns, import_report
from app.commands.import_columns import Asked
from app.commands.import_report import Assumed, Report
from app.consent import topics
from app.customers.imports import files, running, steps
from app.customers.imports.mapping import proposals
from app.customers.imports.models import Import, RefusedRow
from app.customers.imports.parsing import reading
from app.customers.imports.parsing.batches import Refused
from app.customers.imports.previewing import local_files
from app.customers.imports.previewing.preview import Preview
from app.customers.listing import csv_cells
from app.customers.profiles import fields
from app.kernel.clock import SystemClock
from app.kernel.database import Database

# So many refused rows are listed at least.
LISTED = 1000
MOST_SHOWN = 100_000
# The topic a file's consents are for, where neither the file nor the command names one and nothing is kept.
_SOME_TOPIC = "newsletter"
_MOST_TOPICS = 50
_LOOK_AGAIN = 0.3


def look_through(
    open_session: Callable[[], AbstractContextManager[Session]],
    file: IO[bytes],
    asked: Asked,
    *,
    workspace_id: int,
    is_scratch: bool = False,
    now: datetime,
) -> Report:
    """Return what importing the file would do; raise a Refusal where it cannot be read."""
    opened = local_files.open_file(
        file, workspace_id=workspace_id, file_name=asked.file_name, kind=asked.kind, sheet=asked.sheet, now=now
    )
    found = opened.found
    found.source = asked.source
    _read_as(found, opened.sample, asked)
    rows = opened.first_rows(proposals.SAMPLE_ROWS)
    with open_session() as session:
        assumed = _assume_fields(session, workspace_id, asked) if is_scratch else Assumed()
        import_columns.decide(session, found, rows, asked)
    if is_scratch:
        _name_topics(found, rows, assumed)

    @contextmanager
    def furnished() -> Iterator[Session]:
        with open_session() as session:
            _make(session, workspace_id, assumed)
            yield session

    preview = Preview(first_errors=max(asked.shown, LISTED), first_rows=asked.shown)
    with _refused_file(asked, found) as write:
        for refused in local_files.look_through(opened, furnished, preview, now=now):
            write(refused)
    if preview.stopped:
        raise steps.NoTable
    told = preview.dump()
    known = None if is_scratch else workspace_id
    report = import_report.begin(found, dry_run=True, workspace=known, counts=told["counts"])
    report.assumed = assumed
    report.changed_fields, report.samples = told["changed_fields"], import_report.samples(found, told["samples"])
    causes = sorted(told["causes"], key=lambda cause: -cause["rows"])
    report.refusals = [import_report.cause(found, cause, cause["rows"]) for cause in causes]
    report.refused_rows = [import_report.refused(found, row) for row in told["errors"]]
    report.all_refused_listed = len(report.refused_rows) == report.refused
    report.mailable.people = preview.mailable()
    return report


def take_over(opened: Database, workspace_id: int, file: IO[bytes], asked: Asked) -> Report:
    """Import the file and return what became of it; raise a Refusal where it cannot be read.

    It is handed to the workers as well, so that it goes on should this process end.
    """
    clock = SystemClock()
    with opened.transaction(workspace_id) as session:
        found = files.store(
            session,
            workspace_id,
            file,
            file_name=asked.file_name,
            kind=asked.kind,
            source=asked.source,
            source_note=asked.note,
            staff_id=None,
            now=clock.now(),
        )
        if asked.sheet and asked.sheet != found.sheet:
            files.use_sheet(session, found, files.read_sheet(session, found, asked.sheet))
        sample = files.sample_of(session, found)
        _read_as(found, sample, asked)
        laid_out = reading.layout(sample, found.encoding, found.delimiter)
        rows = list(reading.sample_rows(sample, laid_out, limit=proposals.SAMPLE_ROWS + 1))[1:]
        import_columns.decide(session, found, rows, asked)
        steps.start(session, found)
        import_id = found.id
    running.run(opened, clock, workspace_id, import_id)
    while (found := _get(opened, workspace_id, import_id)).state == "running":
        time.sleep(_LOOK_AGAIN)
    if found.state == "failed":
        raise steps.NoTable
    return _became(opened, found, asked)


def _became(opened: Database, found: Import, asked: Asked) -> Report:
    report = import_report.begin(found, dry_run=False, workspace=found.workspace_id, counts=found.counts)
    with opened.transaction(found.workspace_id) as session:
        report.refusals = [
            import_report.cause(found, first, rows) for first, rows in steps.list_causes(session, found)
        ]
        first = steps.list_refused(session, found, limit=max(asked.shown, LISTED))
    report.refused_rows = [import_report.refused(found, row) for row in first]
    report.all_refused_listed = len(first) == report.refused
    after = 0
    with _refused_file(asked, found) as write:
        while asked.refused_file:
            with opened.transaction(found.workspace_id) as session:
                kept = steps.list_refused(session, found, after=after)
            if not kept:
                break
            write(kept)
            after = kept[-1].row
    return report


def _get(opened: Database, workspace_id: int, import_id: int) -> Import:
    with opened.transaction(workspace_id) as session:
        return steps.get(session, workspace_id, import_id)


def _read_as(found: Import, sample: bytes, asked: Asked) -> None:
    if found.format == "csv" and (asked.encoding or asked.delimiter):
        files.reread(found, sample, encoding=asked.encoding or found.encoding, delimiter=asked.delimiter)


def _assume_fields(session: Session, workspace_id: int, asked: Asked) -> Assumed:
    """Make the fields of the workspace's own that the command names: nobody could have made them before."""
    targets = (said.rpartition("=")[2] for said in asked.columns)
    named = [target.removeprefix("custom.") for target in targets if target.startswith("custom.")]
    assumed = Assumed(fields=list(dict.fromkeys(named)))
    _make(session, workspace_id, assumed)
    return assumed


def _name_topics(found: Import, rows: list[list[str]], assumed: Assumed) -> None:
    """Assume the topics that the first rows name, or one for all of them."""
    places = [int(place) for place, target in found.mapping.items() if target == "consent_topic"]
    named = [row[place].strip() for row in rows for place in places if place < len(row)]
    told = [found.options.get("topic", ""), *named]
    assumed.topics = list(dict.fromkeys(filter(None, told)))[:_MOST_TOPICS]
    if not assumed.topics and {"consent", "consented_at"} & set(found.mapping.values()):
        assumed.topics = [_SOME_TOPIC]
        found.options = {**found.options, "topic": _SOME_TOPIC}


def _make(session: Session, workspace_id: int, assumed: Assumed) -> None:
    for key in assumed.fields:
        fields.create(session, workspace_id, key=key, label=key, kind="text")
    for name in assumed.topics:
        topics.create(session, workspace_id, name=name)


@contextmanager
def _refused_file(asked: Asked, found: Import) -> Iterator[Callable[[list[Any]], None]]:
    """Write refused rows into the file that is asked for, as they were, with their number and the reason."""
    if asked.refused_file is None:
        yield lambda _rows: None
        return
    with asked.refused_file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        width = len(found.header)
        writer.writerow([csv_cells.quote(cell) for cell in (*found.header, "Row", "Reason")])

        def write(rows: list[Refused] | list[RefusedRow]) -> None:
            for row in rows:
                told = import_report.refused(found, vars(row))
                cells = [*row.cells, *[""] * width][: max(width, len(row.cells))]
                writer.writerow([csv_cells.quote(cell) for cell in (*cells, str(told.row), told.sentence)])

        yield write
