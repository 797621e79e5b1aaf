"""`assent import`: what a file brings, looked through without a trace or taken over, from the command line."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from app.commands import import_columns, import_report, import_runs, scratch
from app.commands.import_columns import Asked
from app.commands.import_report import Report
from app.customers.imports.formats.refusing import FileRefused
from app.customers.imports.kinds import ImportKinds
from app.kernel.database import Database
from app.kernel.extensions import Extensions
from app.kernel.refusals import Refusal
from app.kernel.translatable import english
from app.wiring import extensions

# What people call a kind beside its name.
_ALSO = {
    "orders": "purchases", "consents": "people", "customers": "people", "companies": "organisations",
    "organizations": "organisations", "households": "relations", "items": "owned_items", "events": "activities",
}
_DESCRIPTION = """
Read a file as an import does and say by row and column what is created, changed, unchanged and refused, and who
becomes mailable. Columns are guessed as on the web, unless --map says what they are. A dry run writes nothing; where
no installation runs here, it knows nobody yet. The status is 0 when the file could be read, whatever became of its
rows, and 2 when it could not.
"""


class KindUnknown(Refusal):
    """There is no such kind of import."""

    message = english("A file may hold: %(known)s.")


class NothingRuns(Refusal):
    """There is no workspace to import into."""

    message = english("There is no workspace here to import into. Start the installation first, or add --dry-run.")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "import", help="import a file, or say what importing it would do", description=_DESCRIPTION
    )
    file = "CSV, TSV, workbook or JSON Lines, also as gzip or zip; - reads what is piped in"
    parser.add_argument("file", metavar="FILE", help=file)
    kind = f"what it holds: {', '.join(kind.name for kind in extensions.IMPORT_KINDS.kinds)} (people)"
    parser.add_argument("--as", dest="kind", default="people", metavar="KIND", help=kind)
    parser.add_argument("--dry-run", action="store_true", help="only say what would happen")
    parser.add_argument("--json", action="store_true", help="as docs/import-report.schema.json describes it")
    parser.add_argument("--workspace", type=int, metavar="N", help="by its number; may be left out if there is one")
    parser.add_argument("--scratch", action="store_true", help="with --dry-run: as if nobody were known yet")
    column = "what a column is, by its heading or number; an empty field leaves it out; may be repeated"
    parser.add_argument("--map", action="append", default=[], metavar="COLUMN=FIELD", help=column)
    preset = "what columns are as in that import, by its number; the latest one with the same headings is taken anyway"
    parser.add_argument("--preset", type=int, metavar="IMPORT", help=preset)
    parser.add_argument("--no-preset", action="store_true", help="guess, whatever was imported before")
    meant = import_columns.options_help()
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", help=meant)
    parser.add_argument("--source", choices=("own", "external"), default="own", help="whose data it is (own)")
    parser.add_argument("--note", default="", help="where it comes from, in a few words")
    parser.add_argument("--encoding", help="such as utf-8, windows-1252 or gb18030; found out unless given")
    parser.add_argument("--delimiter", help="what separates cells; found out unless given")
    parser.add_argument("--sheet", default="", help="which sheet of a workbook")
    most = f"so many rows of each outcome are shown ({import_columns.SHOWN})"
    parser.add_argument("--show", type=_count, default=import_columns.SHOWN, metavar="ROWS", help=most)
    back = "write refused rows there, with reasons, as CSV"
    parser.add_argument("--refused-file", type=Path, metavar="FILE", help=back)
    parser.set_defaults(act=_import)


def _import(arguments: argparse.Namespace) -> int:
    own = extensions.build()
    asked = Asked.of(arguments, kind=_kind(own, arguments.kind))
    with _opened(arguments.file) as file, _server(own, arguments) as opened:
        workspace_id = None if arguments.scratch else scratch.choose_workspace(opened, arguments.workspace)
        report = _carried_out(opened, workspace_id, file, asked, is_dry=arguments.dry_run)
    if arguments.json:
        print(report.model_dump_json(indent=1))
    else:
        for line in import_report.as_lines(report):
            print(line)
    return 0


def _carried_out(
    opened: Database, workspace_id: int | None, file: IO[bytes], asked: Asked, *, is_dry: bool
) -> Report:
    now = datetime.now(UTC)
    if not is_dry:
        if workspace_id is None:
            raise NothingRuns
        return import_runs.take_over(opened, workspace_id, file, asked)
    if workspace_id is not None:
        return import_runs.look_through(
            lambda: scratch.unkept(opened, workspace_id), file, asked, workspace_id=workspace_id, now=now
        )
    with scratch.workspace(opened, time_zone="UTC", now=now) as (session, nobody):
        return import_runs.look_through(
            lambda: scratch.within(session), file, asked, workspace_id=nobody, is_scratch=True, now=now
        )


@contextmanager
def _server(own: Extensions, arguments: argparse.Namespace) -> Iterator[Database]:
    """Open the installation here; a dry run does without one."""
    if arguments.dry_run:
        with scratch.server(own) as opened:
            yield opened
        return
    running = scratch.running_server(own)
    if running is None:
        raise NothingRuns
    yield running
    running.dispose()


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    """Open the file so that it can be read from any place; raise FileRefused."""
    try:
        given = sys.stdin.buffer if name == "-" else Path(name).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise FileRefused(english("%(file)s cannot be read: %(why)s."), file=name, why=error.strerror) from None
    with given as file:
        if file.seekable():
            yield file
            return
        with tempfile.TemporaryFile() as whole:
            shutil.copyfileobj(file, whole)
            whole.seek(0)
            yield whole


def _kind(own: Extensions, name: str) -> str:
    known = [kind.name for kind in own.get(ImportKinds).kinds]
    meant = name if name in known else _ALSO.get(name, name)
    if meant not in known:
        raise KindUnknown(known=", ".join(known))
    return meant


def _count(text: str) -> int:
    count = int(text)
    if not 0 <= count <= import_runs.MOST_SHOWN:
        raise argparse.ArgumentTypeError(f"a number from 0 to {import_runs.MOST_SHOWN}")
    return count
