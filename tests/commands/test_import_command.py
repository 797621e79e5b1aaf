"""An operator learns what a file would bring before it is imported, and imports it from the command line."""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.commands import import_report, imports
from app.commands.import_columns import ColumnsUnclear, Unusable
from app.commands.imports import KindUnknown
from app.commands.scratch import WorkspaceUnclear
from app.customers.imports.formats.refusing import FileRefused
from app.customers.imports.steps import NoTable
from app.kernel.database import Database
from app.kernel.settings import Settings
from tests.factories.customers import a_customer, import_file
from tests.factories.workspaces import WorkspaceForTests

HEAD = "E-Mail;Vorname;Nachname;Land;subscribed;consented_at;method;wording\n"
FILE = HEAD + (
    "ada@example.com;Ada;Lovelace;UK;yes;2025-05-01 10:00;web form;Yes please\n"
    "bob@example;Bob;;Germany;;;;\n"
    "cy@example.com;Cy;;Nowhereland;;;;\n"
    "dee@example;;;;;;;\n"
    "ada@example.com;Augusta;;;;;;\n"
)
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run the command as the command line does, and return what it answers a program."""
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
    before = dict(os.environ)
    parser = argparse.ArgumentParser()
    imports.add_to(parser.add_subparsers())

    def run(content: str | bytes, *words: str | Path) -> dict[str, Any]:
        file = tmp_path / "file.csv"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        arguments = parser.parse_args(["import", str(file), "--json", *map(str, words)])
        try:
            assert arguments.act(arguments) == 0
        finally:
            for name in set(os.environ) - set(before):
                monkeypatch.delenv(name)
        told: dict[str, Any] = json.loads(capsys.readouterr().out)
        import_report.Report.model_validate(told)
        return told

    return run


def rows_of(database: Database, workspace_id: int) -> tuple[int, ...]:
    tables = ("customers", "addresses", "imports", "import_files", "consent_ledger", "topics", "custom_fields")
    with database.transaction(workspace_id) as session:
        return tuple(session.scalar(text(f"SELECT count(*) FROM {name}")) or 0 for name in tables)


def test_a_dry_run_where_nobody_is_known_says_all_there_is_to_say(ask: Ask, database: Database) -> None:
    told = ask(FILE, "--dry-run", "--scratch")

    numbers = [told[name] for name in ("rows", "created", "changed", "unchanged", "refused", "repeated")]
    assert numbers == [5, 1, 0, 0, 3, 1]
    assert {each["heading"]: each["field"] for each in told["columns"]}["Land"] == "country"
    assert (told["file"]["delimiter"], told["file"]["encoding"]) == (";", "utf-8-sig")
    [made] = told["samples"]["created"]
    assert (made["row"], made["who"], made["values"]["first_name"]) == (2, "ada@example.com", [None, "Augusta"])
    addresses, country = told["refusals"]
    assert (addresses["reason"], addresses["column"], addresses["field"], addresses["rows"]) == (
        *("address", "E-Mail", "email"), 2
    )
    assert (country["sample"]["row"], country["sample"]["detail"]) == (4, "Nowhereland")
    places = [(each["row"], each["column"]) for each in told["refused_rows"]]
    assert places == [(3, "E-Mail"), (4, "Land"), (5, "E-Mail")]
    assert (told["mailable"]["count"], told["mailable"]["people"]) == (1, ["ada@example.com"])
    assert told["assumed"]["topics"] == ["newsletter"]
    with database.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM workspaces WHERE name = 'Scratch'")) == 0


def test_a_dry_run_compares_with_who_is_known_and_keeps_nothing(
    ask: Ask, database: Database, workspace: WorkspaceForTests
) -> None:
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, "ada@example.com", first_name="Ada", city="London")
        a_customer(session, workspace.id, "bob@example.com", first_name="Bob")
    before = rows_of(database, workspace.id)
    content = "email,first_name,city\nada@example.com,Ada,Paris\nbob@example.com,Bob,\nnew@example.com,New,Rome\n"
    told = ask(content, "--dry-run", "--workspace", str(workspace.id))

    assert [told[name] for name in ("created", "changed", "unchanged", "refused")] == [1, 1, 1, 0]
    assert told["changed_fields"] == {"city": 1}
    [changed] = told["samples"]["changed"]
    assert (changed["row"], changed["who"], changed["values"]) == (2, "ada@example.com", {"city": ["London", "Paris"]})
    assert [each["who"] for each in told["samples"]["unchanged"]] == ["bob@example.com"]
    assert rows_of(database, workspace.id) == before


def test_a_run_does_what_the_dry_run_said(ask: Ask, database: Database, workspace: WorkspaceForTests) -> None:
    here = ("--workspace", str(workspace.id), "--set", "topic=news")
    foreseen = ask(FILE, "--dry-run", *here)
    done = ask(FILE, *here)
    again = ask(FILE, "--dry-run", *here)

    same = ("rows", "created", "changed", "unchanged", "refused", "repeated", "refusals", "refused_rows", "columns")
    assert {name: done[name] for name in same} == {name: foreseen[name] for name in same}
    assert done["mailable"]["count"] == foreseen["mailable"]["count"] == 1
    assert (again["created"], again["unchanged"], again["mailable"]["count"]) == (0, 1, 0)
    assert done["import_id"]
    assert not done["dry_run"]


def test_columns_are_what_the_command_says(ask: Ask, tmp_path: Path) -> None:
    words = ("--map", "Land=custom.region", "--map", "2=", "--map", "nachname=last_name", "--set", "repeats=first")
    told = ask(FILE, "--dry-run", "--scratch", "--refused-file", tmp_path / "back.csv", *words)

    meant = {each["heading"]: each["field"] for each in told["columns"]}
    assert (meant["Land"], meant["Vorname"], meant["Nachname"]) == ("custom.region", None, "last_name")
    assert (told["created"], told["assumed"]["fields"], told["options"]["repeats"]) == (2, ["region"], "first")
    back = (tmp_path / "back.csv").read_text("utf-8-sig").splitlines()
    assert back[0].endswith(",Row,Reason")
    assert [line.split(",")[0] for line in back[1:]] == ["bob@example", "dee@example"]


def test_columns_are_as_they_were_for_the_latest_file_with_these_headings(
    ask: Ask, database: Database, workspace: WorkspaceForTests
) -> None:
    content = "email,Nickname\nada@example.com,Ada\n"
    first = import_file(database, workspace.id, content, mapped={"0": "email", "1": "first_name"})
    here = ("--dry-run", "--workspace", str(workspace.id))

    ways: list[list[str]] = [[], ["--no-preset"], ["--preset", str(first.id)]]
    told = [ask(content, *here, *more)["columns"][1]["field"] for more in ways]
    assert told == ["first_name", None, "first_name"]


def test_orders_tell_what_they_would_change(ask: Ask, database: Database, workspace: WorkspaceForTests) -> None:
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, "ada@example.com")
    head = "email,order number,date,amount\n"
    here = ("--as", "orders", "--workspace", str(workspace.id))
    ask(head + "ada@example.com,A1,2026-01-01,10.00\n", *here)
    rows = "ada@example.com,A1,2026-01-01,12.00\nada@example.com,A2,2026-01-02,5\nx@y.co,A3,2026-01-02,5\n"
    told = ask(head + rows, "--dry-run", *here)

    assert [told[name] for name in ("created", "changed", "refused")] == [1, 1, 1]
    assert told["samples"]["changed"][0]["values"] == {"amount": [10.0, 12.0]}
    assert (told["samples"]["created"][0]["who"], told["refusals"][0]["reason"]) == ("A2", "unknown")


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


PLAIN = b"email,first_name\nada@example.com,Ada\n"


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN.replace(b",", b"\t"),
        "email;first_name\nada@example.com;Zoë\n".encode("utf-16"),
        "email|first_name\nada@example.com|Zoë\n".encode("windows-1252"),
        "email,first_name\nada@example.com,张伟\n".encode("gb18030"),
        gzip.compress(PLAIN),
        zipped(**{"people.csv": PLAIN}),
        b'{"email": "ada@example.com", "first_name": "Ada"}\n',
        b'\n\n"E-mail";"first name"\r\n"ada@example.com";"Ada"\r\n',
    ],
    ids=["commas", "tabs", "utf-16", "bars", "gb18030", "gzip", "zip", "json-lines", "blank-lines"],
)
def test_a_file_is_read_however_it_is_written(ask: Ask, content: bytes) -> None:
    assert ask(content, "--dry-run", "--scratch")["created"] == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n\n",
        b"%PDF-1.4 whatever",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        bytes(range(256)) * 50,
        gzip.compress(PLAIN * 1000)[:-20],
        gzip.compress(gzip.compress(gzip.compress(PLAIN))),
        zipped(a=PLAIN, b=PLAIN),
        zipped(**{"../a.csv": PLAIN}),
        zipped(**{"xl/workbook.xml": b"<broken"}),
        b"PK\x03\x04broken",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1broken",
    ],
    ids=[
        *("empty", "blank", "pdf", "png", "binary", "cut-gzip", "gzip-thrice"),
        *("two-in-a-zip", "path-in-a-zip", "broken-workbook", "broken-zip", "old-workbook"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(ask: Ask, content: bytes) -> None:
    with pytest.raises(FileRefused):
        ask(content, "--dry-run", "--scratch")


def test_what_cannot_be_done_is_refused_with_what_could(ask: Ask) -> None:
    for content, words, refusal in (
        ("name,size\nAda,3\n", [], ColumnsUnclear),
        (FILE, ["--map", "Strasse=city"], ColumnsUnclear),
        (FILE, ["--map", "Land=planet"], ColumnsUnclear),
        (FILE, ["--map", "Land"], ColumnsUnclear),
        (FILE, ["--set", "colour=red"], Unusable),
        (FILE, ["--set", "decimal=x"], ColumnsUnclear),
        (FILE, ["--delimiter", "x"], Unusable),
        (FILE, ["--encoding", "ebcdic"], Unusable),
        (FILE, ["--sheet", "Two"], FileRefused),
        (FILE, ["--as", "planets"], KindUnknown),
    ):
        with pytest.raises(refusal):
            ask(content, "--dry-run", "--scratch", *words)
    with pytest.raises(WorkspaceUnclear):
        ask(FILE, "--workspace", "99999999")
    with pytest.raises(NoTable):
        ask("email,name\na@example.com,A\n" + "a,b,c,d\n" * 12_000, "--dry-run", "--scratch", "--map", "1=email")


def test_what_is_no_file_is_refused(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parser = argparse.ArgumentParser()
    imports.add_to(parser.add_subparsers())
    for name in (tmp_path, tmp_path / "missing", tmp_path / ("x" * 300)):
        arguments = parser.parse_args(["import", str(name), "--dry-run"])
        with pytest.raises(FileRefused):
            arguments.act(arguments)


def test_the_published_schema_is_that_of_the_report() -> None:
    published = Path(__file__).parents[2] / "docs" / "import-report.schema.json"

    assert json.loads(published.read_text()) == import_report.schema()
