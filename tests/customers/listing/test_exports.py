"""What leaves as a file comes back as it was, and harms no spreadsheet."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from app.accounts import audit
from app.conditions.on_fields.equality import Is
from app.customers.addresses import changes
from app.customers.addresses.changes import NewAddress
from app.customers.exporting import workbook
from app.customers.exporting.formats import FORMATS
from app.customers.imports import steps
from app.customers.imports.formats import conversion
from app.customers.listing import csv_cells, exports
from app.customers.models import Customer
from app.customers.profiles import fields
from app.segments import segments
from app.segments.segments import SegmentChange
from tests.factories import NOON
from tests.factories.customers import a_customer, import_file
from tests.factories.workspaces import a_workspace

HOSTILE = [
    *("=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "'=quoted", "''", "<b>", 'say "hi", you', "李 小龙", "a;b", "x\\N"),
    *("a;=1", "＝1"),
]

# What a cell may hold: no control characters, as no value of ours has any.
SIGNS = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\ufffe\uffff")
CELLS = st.text(SIGNS, max_size=12) | st.text(alphabet="'=+-@;＝ \u3000a", max_size=6)
# Every row of ours says something; a workbook keeps no row in which nothing stands.
ROWS = st.lists(CELLS, min_size=3, max_size=3).filter(lambda row: any(cell.strip() for cell in row))
TABLES = st.lists(ROWS, min_size=1, max_size=12)


@given(st.text())
def test_quoting_is_undone_exactly(text):
    quoted = csv_cells.quote(text)

    assert csv_cells.unquote(quoted) == text
    assert quoted[:1] not in ("=", "+", "-", "@", "\t", "\r")


@settings(deadline=None)
@given(st.text(alphabet="a;=+-@\t\r\n '＝＋\ufeff\u200b\xa0,1"))
def test_no_spreadsheet_finds_a_formula_in_a_cell(text):
    """Wherever it parts cells, whatever it overlooks before a sign and however wide the sign is."""
    quoted = csv_cells.quote(text)

    for part in re.split(r"[;\t\r\n]", quoted):
        assert part.lstrip(" \xa0\ufeff\u200b")[:1] not in tuple("=+-@＝＋")
    assert csv_cells.unquote(quoted) == text


@pytest.mark.parametrize("piece", ["\t", ";", " ", "'", "\t'", "= ", ";=", "a="])
def test_a_long_cell_is_quoted_in_linear_work(piece):
    """Between two signs no character is looked at twice, however they are strewn."""
    looked_at = []

    class Counted(str):
        __slots__ = ()

        def __getitem__(self, key):
            looked_at.append(key)
            return str.__getitem__(self, key)

    csv_cells.quote(Counted(piece * 2000 + "x="))
    csv_cells.unquote(Counted("'" + piece * 2000 + "x'="))
    assert len(looked_at) <= 16 * 2000 * len(piece)


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_comes_back_as_it_was(database, workspace, form):
    other = a_workspace(database, name="Copy", now=NOON).id
    for workspace_id in (workspace.id, other):
        with database.transaction(workspace_id) as session:
            fields.create(session, workspace_id, key="size", label="Size", kind="number")
            fields.create(session, workspace_id, key="member", label="Member", kind="boolean")
            fields.create(session, workspace_id, key="since", label="Since", kind="date")
    with database.transaction(workspace.id) as session:
        for place, text in enumerate(HOSTILE):
            a_customer(
                session,
                workspace.id,
                first_name=text,
                city=text,
                tags=["vip", text.replace(",", "").replace(";", "")],
                external_ref=f"=C{place}",
                size=str(place / 2),
                member="yes",
                since="2024-02-29",
            )
    content = b"".join(FORMATS[form].write(exports.rows(database, workspace.id)))
    done = import_file(database, other, content)

    assert done.counts == {"created": len(HOSTILE)}
    assert known(database, other) == known(database, workspace.id)


def known(database, workspace_id):
    with database.transaction(workspace_id) as session:
        people = session.scalars(select(Customer).order_by(Customer.email_key)).all()
        return [(c.email, c.external_ref, c.first_name, c.city, sorted(c.tags), c.custom) for c in people]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_begins_like_a_formula(text):
    line = "".join(csv_cells.table([[text]])).lstrip("\ufeff")

    assert next(csv.reader(io.StringIO(line)))[0][:1] not in ("=", "+", "-", "@")


@settings(max_examples=60, deadline=None)
@given(table=TABLES, form=st.sampled_from([*FORMATS]))
def test_a_table_comes_back_from_any_format_as_it_left(table, form):
    rows = [["a", "b", "c"], *table]
    with conversion.convert(io.BytesIO(b"".join(FORMATS[form].write(rows)))).rows as file:
        found = list(csv.reader(io.TextIOWrapper(file, "utf-8-sig", newline="")))

    names, *back = [[csv_cells.unquote(cell) for cell in row] for row in found]
    told = [dict(zip(names, row, strict=False)) for row in back]
    assert [[row.get(name, "") for name in "abc"] for row in told] == table


def test_a_workbook_goes_on_in_another_sheet_where_one_is_full():
    rows = [["n"], *([str(n)] for n in range(7))]
    book = io.BytesIO(b"".join(workbook.write(rows, most_rows=4)))
    sheets = [list(csv.reader(io.TextIOWrapper(conversion.convert(book, sheet=name).rows, "utf-8", newline="")))
              for name in ("Sheet1", "Sheet2", "Sheet3")]

    assert sheets == [[["n"], ["0"], ["1"], ["2"]], [["n"], ["3"], ["4"], ["5"]], [["n"], ["6"]]]


def test_pieces_leave_while_rows_are_read():
    read = []

    def rows():
        yield ["n"]
        for n in range(20_000):
            read.append(n)
            yield [f"{n:x}" * 20]

    for each in FORMATS.values():
        read.clear()
        pieces = each.write(rows())
        while not next(pieces):
            pass
        assert len(read) < 2_000


@pytest.mark.parametrize("form", FORMATS)
def test_a_download_is_a_file_and_stands_in_the_audit_log(client, database, workspace, form):
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, "ada@example.com", country="DE")
        a_customer(session, workspace.id, "bob@example.com", country="FR")
        change = SegmentChange("Germans", Is(field="country", value="DE"))
        germans = segments.save(session, workspace.id, change, staff_id=None, now=NOON).id
    offered = client.get("/customers/export").text
    asked = {"format": form, "purpose": "For the tax adviser"}
    everybody = client.post("/customers/export", data={"what": "people", **asked})
    some = client.post("/customers/export", data={"what": f"segment-{germans}", **asked})
    nothing = client.post("/customers/export", data={"what": "segment-0", **asked})

    assert f'value="segment-{germans}"' in offered
    assert everybody.mimetype == FORMATS[form].mimetype
    assert (emails(everybody), emails(some)) == (["ada@example.com", "bob@example.com"], ["ada@example.com"])
    assert nothing.status_code == 422
    with database.transaction(workspace.id) as session:
        entries = [entry for entry in audit.list_entries(session, workspace.id) if entry.action == "data.exported"]
    assert [(entry.subject_kind, entry.details["format"]) for entry in entries] == [("segment", form), ("people", form)]


def emails(answer):
    with conversion.convert(io.BytesIO(answer.data)).rows as file:
        return [row["email"] for row in csv.DictReader(io.TextIOWrapper(file, "utf-8-sig", newline="")) if row]


def test_the_other_addresses_in_use_are_exported(database, workspace):
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id, "ada@example.com", country="DE")
        given = (("email", "ada@work.example"), ("phone", "030 1234567"), ("postal", "Hauptstr. 1\n10115 Berlin"))
        for kind, value in given:
            changes.add(session, ada, NewAddress(kind, value), source="staff:Olga", now=NOON)
        changes.change_email(session, ada, email="ada@new.example", source="staff:Olga", now=NOON)
    head, row = exports.rows(database, workspace.id)

    assert row[0] == "ada@new.example"
    assert dict(zip(head, row, strict=True)).items() >= {
        "other_emails": "ada@work.example",
        "phone_numbers": "030 1234567",
        "postal_addresses": "Hauptstr. 1, 10115 Berlin",
    }.items()


def test_rejected_rows_are_made_while_they_are_downloaded(client, services, database, workspace):
    """A file may give back millions: nothing is gathered before the first piece leaves."""
    rows = "".join(f"=bad{n},x;=1\n" for n in range(5000))
    done = import_file(database, workspace.id, "email,first_name\n" + rows)
    asked = []

    def noted(_connection, _cursor, statement, *_):
        if "FROM import_errors" in statement:
            asked.append(statement)

    event.listen(services.database.engine, "before_cursor_execute", noted)
    answer = client.get(f"/customers/imports/{done.id}/refused.csv", buffered=False)
    pieces = answer.iter_encoded()
    first = next(pieces)
    assert 1 <= len(asked) <= 2
    assert len(first) < 3 * csv_cells.PIECE

    again = import_file(database, workspace.id, first + b"".join(pieces))
    with database.transaction(workspace.id) as session:
        back = steps.list_refused(session, again, limit=2)
    assert again.counts == {"refused": 5000}
    assert [row.cells[:2] for row in back] == [["=bad0", "x;=1"], ["=bad1", "x;=1"]]
    assert "not an email address" in back[0].cells[3]


def test_purchases_given_back_can_be_brought_again(database, workspace):
    """A negative amount leaves behind an apostrophe, and loses it."""
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, "ada@example.com")
    lines = csv_cells.table([["email", "date", "amount"], ["ada@example.com", "2026-03-31", "-12.50"]])
    done = import_file(database, workspace.id, "".join(lines), kind="purchases")

    assert done.counts == {"created": 1}
