"""However a file is broken, its good rows land and its bad rows come back with the reason."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.customers.imports import steps
from app.customers.imports.formats.refusing import FileRefused
from app.customers.imports.parsing import encodings
from app.customers.models import Customer
from tests.factories.customers import import_file

GOOD = "ada@example.com"


def refused(database, workspace_id, done):
    with database.transaction(workspace_id) as session:
        return [(row.row, row.reason) for row in steps.list_refused(session, done)]


def names(database, workspace_id):
    with database.transaction(workspace_id) as session:
        return dict(session.execute(select(Customer.email_key, Customer.first_name)).all())


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "Zoë 李"),
        ("utf-8-sig", "Zoë 李"),
        ("utf-16", "Zoë 李"),
        ("utf-16-le", "Zoe"),
        ("utf-16-be", "Zoe"),
        ("cp1252", "Zoë Müller"),
        ("gb18030", "李小龙"),
    ],
)
def test_the_encoding_is_found(database, workspace, encoding, name):
    content = f"email,first_name\n{GOOD},{name}\n".encode(encoding)

    assert import_file(database, workspace.id, content).counts == {"created": 1}
    assert names(database, workspace.id) == {GOOD: name}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends_are_found(database, workspace, delimiter, newline):
    rows = [["email", "first_name"], [GOOD, '"a ""quoted"" , ; name"'], ["", ""], ["bob@example.com", "Bob"]]
    content = newline.join(delimiter.join(row) for row in rows)
    done = import_file(database, workspace.id, content)

    assert done.counts["created"] == 2
    assert names(database, workspace.id) == {GOOD: 'a "quoted" , ; name', "bob@example.com": "Bob"}


def test_bytes_that_are_no_text_spoil_their_row_only(database, workspace):
    content = b"email,first_name\n" + b"bob@example.com,B\xff\xfeb\n" + f"{GOOD},李\n".encode()
    done = import_file(database, workspace.id, content, encoding="utf-8-sig")

    assert refused(database, workspace.id, done) == [(2, "encoding")]
    assert names(database, workspace.id) == {GOOD: "李"}


def test_a_nul_spoils_its_row_only(database, workspace):
    done = import_file(database, workspace.id, f"email,first_name\nbob@example.com,B\0b\n{GOOD},Ada\n")

    assert refused(database, workspace.id, done) == [(2, "nul")]
    assert names(database, workspace.id) == {GOOD: "Ada"}


def test_ragged_rows_come_back(database, workspace):
    content = f"email,first_name,city\nbob@example.com,Bob\n{GOOD},Ada,London,,\neve@example.com,Eve,Bonn,more\n"
    done = import_file(database, workspace.id, content)

    assert refused(database, workspace.id, done) == [(2, "ragged"), (4, "ragged")]
    assert names(database, workspace.id) == {GOOD: "Ada"}


def test_a_cell_of_ten_megabytes_spoils_its_row_only(database, workspace):
    content = f"email,first_name\nbob@example.com,{'x' * 10_000_000}\n{GOOD},Ada\n"
    done = import_file(database, workspace.id, content)

    assert refused(database, workspace.id, done) == [(2, "endless")]
    assert names(database, workspace.id) == {GOOD: "Ada"}


@pytest.mark.parametrize("others", [0, 20, 9000])
def test_a_quotation_mark_never_closed_costs_its_own_line(database, workspace, others):
    """Whether the file ends soon after, or only after more than a cell may hold."""
    rest = "".join(f"p{n}@example.com,P\n" for n in range(others))
    content = f'email,first_name\n{GOOD},"Ada\nKing"\nbob@example.com,"Bob\n{rest}eve@example.com,Eve\n'
    done = import_file(database, workspace.id, content)

    assert done.counts == {"created": others + 2, "refused": 1}
    with database.transaction(workspace.id) as session:
        (row,) = steps.list_refused(session, done)
    assert (row.row, row.reason, row.detail, row.cells) == (3, "unclosed", "4", ["bob@example.com", "Bob"])


def test_a_second_open_quotation_mark_hides_no_row_either(database, workspace):
    """Together the two look like one cell over three lines."""
    content = f'email,first_name\nbob@example.com,"Bob\n{GOOD},Ada\neve@example.com,"Eve\nzoe@example.com,Zoe\n'
    done = import_file(database, workspace.id, content)

    assert refused(database, workspace.id, done) == [(2, "unclosed"), (4, "unclosed")]
    assert names(database, workspace.id) == {GOOD: "Ada", "zoe@example.com": "Zoe"}


def test_the_last_line_may_be_the_open_one(database, workspace):
    done = import_file(database, workspace.id, f'email,first_name\n{GOOD},Ada\nbob@example.com,"Bob')

    assert refused(database, workspace.id, done) == [(3, "unclosed")]
    assert names(database, workspace.id) == {GOOD: "Ada"}


def test_quotation_marks_inside_a_line_are_read_kindly(database, workspace):
    content = f'email,first_name\n{GOOD},"Ada" King\nbob@example.com,Bob "Bobby" Lee\n'
    import_file(database, workspace.id, content)

    assert names(database, workspace.id) == {GOOD: "Ada King", "bob@example.com": 'Bob "Bobby" Lee'}


@pytest.mark.parametrize(
    "hostile",
    ["=HYPERLINK(1)", "<script>alert(1)</script>", "'; DROP TABLE customers; --", "{{ 7*7 }}", "\\N", "\\."],
)
def test_hostile_names_are_kept_as_text(database, workspace, hostile):
    cell = '"' + hostile.replace('"', '""') + '"'
    import_file(database, workspace.id, f"email,first_name\n{GOOD},{cell}\n")

    assert names(database, workspace.id) == {GOOD: hostile}


def test_line_breaks_in_a_name_become_spaces(database, workspace):
    import_file(database, workspace.id, f'email,first_name\n{GOOD},"Ada\r\nBcc: x@y.z"\n')

    assert names(database, workspace.id) == {GOOD: "Ada  Bcc: x@y.z"}


@pytest.mark.parametrize("content", [b"", b"\n\n\n"])
def test_a_file_without_rows_is_refused(database, workspace, content):
    with pytest.raises(FileRefused):
        import_file(database, workspace.id, content)


def test_one_bad_row_in_a_hundred_loses_nothing_else(database, workspace):
    rows = [f"p{n}@example.com,P{n}" if n % 100 else f"bad{n},P{n}" for n in range(5000)]
    done = import_file(database, workspace.id, "email,first_name\n" + "\n".join(rows))

    assert done.counts == {"created": 4950, "refused": 50}
    with database.transaction(workspace.id) as session:
        first = steps.list_refused(session, done)[0]
    assert (first.reason, first.detail, first.cells) == ("address", "bad0", ["bad0", "P0"])


def test_the_encodings_offered_are_those_python_knows():
    for encoding in encodings.ENCODINGS:
        assert "a".encode(encoding).decode(encoding) == "a"


def test_a_row_of_a_million_cells_spoils_its_row_only(database, workspace):
    done = import_file(database, workspace.id, f"email,first_name\nbob@example.com{',' * 900_000}x\n{GOOD},Ada\n")

    assert refused(database, workspace.id, done) == [(2, "ragged")]
    assert names(database, workspace.id) == {GOOD: "Ada"}


def test_a_file_of_too_many_columns_is_refused(database, workspace):
    with pytest.raises(FileRefused):
        import_file(database, workspace.id, "email" + ",a" * 600 + "\n")
