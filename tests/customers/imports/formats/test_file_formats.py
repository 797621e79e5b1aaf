"""What a file is shows by its content: workbooks, JSON Lines, and both compressed, are read like CSV."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.customers.imports import files, steps
from app.customers.imports.formats import archives, conversion, json_lines, workbooks
from app.customers.imports.formats.refusing import FileRefused
from app.customers.imports.models import ImportFile
from app.customers.imports.parsing import reading
from app.customers.models import Customer
from app.customers.profiles import fields
from tests.factories.customers import an_uploaded_file, import_file
from tests.factories.files.workbooks import Formula, a_workbook

CSV = b"email,first_name\nada@example.com,Ada\n"
JSON = b'{"email": "ada@example.com", "first_name": "Ada"}\n'


def zipped(*, packing=zipfile.ZIP_DEFLATED, **members):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", packing) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return written.getvalue()


def damaged(archive):
    """The same with some bytes of its first file changed."""
    return archive[:60] + bytes(40) + archive[100:]


def rows_of(content, sheet=""):
    """The rows as everything after the conversion sees them."""
    converted = conversion.convert(io.BytesIO(content), sheet=sheet)
    return [cells for _, cells in reading.records(converted.rows, reading.Layout("utf-8-sig", ","))]


def named(value: object) -> str:
    """Packed bytes hold the time they were made at: no name for a test that two processes must agree on."""
    return value if isinstance(value, str) else "file"


@pytest.mark.parametrize(
    "content",
    [
        CSV,
        JSON,
        a_workbook({"People": [["email", "first_name"], ["ada@example.com", "Ada"]]}),
        gzip.compress(CSV),
        gzip.compress(JSON),
        gzip.compress(gzip.compress(CSV)),
        zipped(**{"people.csv": CSV}),
        zipped(**{"export/people.csv": CSV, "__MACOSX/export/._people.csv": b"x", "export/.DS_Store": b"x"}),
        zipped(**{"people.jsonl": JSON}),
        zipped(**{"people.csv.gz": gzip.compress(CSV)}),
        zipped(**{"people.xlsx": a_workbook({"People": [["email", "first_name"], ["ada@example.com", "Ada"]]})}),
    ],
    ids=named,
)
def test_one_table_however_it_is_packed(database, workspace, content):
    done = import_file(database, workspace.id, content)

    assert done.counts == {"created": 1}
    with database.transaction(workspace.id) as session:
        assert session.execute(select(Customer.email, Customer.first_name)).all() == [("ada@example.com", "Ada")]
        assert session.scalar(select(func.count()).select_from(ImportFile)) == 0


def test_a_workbook_says_what_people_see():
    """Dates are dates, formulas their values, whole numbers carry no point, and what is merged down holds for each."""
    book = a_workbook(
        {
            "Orders": [
                ["Customers of May"],
                [None],
                ["company", "email", "since", "number", "share", "total", "mails"],
                ["Tea & Co", "ada@example.com", date(2024, 5, 31), 10042, 0.25, Formula("D4*2", 20084), True],
                [None, "bob@example.com", date(2024, 6, 1), 10043, 1e3, Formula("D5*2", 20086), False],
            ]
        },
        merged=["A1:G1", "A4:A5"],
    )

    assert [[*filter(None, cells)] for cells in rows_of(book)[:3]] == [
        ["Customers of May"], [], ["company", "email", "since", "number", "share", "total", "mails"],
    ]  # fmt: skip
    assert rows_of(book)[3:] == [
        ["Tea & Co", "ada@example.com", "2024-05-31", "10042", "0.25", "20084", "true"],
        ["Tea & Co", "bob@example.com", "2024-06-01", "10043", "1000", "20086", "false"],
    ]


def test_dates_of_a_workbook_are_imported_as_dates(database, workspace):
    with database.transaction(workspace.id) as session:
        fields.create(session, workspace.id, key="since", label="Since", kind="date")
    book = a_workbook({"A": [["email", "since"], ["ada@example.com", date(2024, 2, 29)]]})
    import_file(database, workspace.id, book, mapped={"0": "email", "1": "custom.since"})

    with database.transaction(workspace.id) as session:
        assert session.scalar(select(Customer.custom)) == {"since": "2024-02-29"}


def test_the_first_sheet_with_rows_is_read_until_another_is_chosen(database, workspace):
    people = [["email"], ["ada@example.com"]]
    book = a_workbook({"Notes": [["read me"]], "People": people, "Old": [["email"], ["bob@example.com"]]})
    import_id = an_uploaded_file(database, workspace.id, book, mapped={"0": "email"})
    with database.transaction(workspace.id) as session:
        found = steps.get(session, workspace.id, import_id)
        assert (found.sheet, found.sheets, found.header) == ("People", ["Notes", "People", "Old"], ["email"])
        digest = found.sha256
        files.use_sheet(session, found, files.read_sheet(session, found, "Old"))
        session.flush()
        assert b"bob@example.com" in files.sample_of(session, found)
        assert found.sha256 == digest
        with pytest.raises(FileRefused):
            files.read_sheet(session, found, "Nowhere")


def test_nested_objects_and_lists_become_cells():
    lines = [
        {"email": "a@b.co", "address": {"city": "Leeds", "geo": {"lat": 1.5, "far": {"x": 1}}}, "tags": ["gift", "a"]},
        {"name": None, "email": "c@d.co", "is_vip": True, "score": 7},
    ]
    told = rows_of("\n\n".join(map(json.dumps, lines)).encode())

    assert told == [
        ["email", "address.city", "address.geo.lat", "address.geo.far", "tags", "name", "is_vip", "score"],
        ["a@b.co", "Leeds", "1.5", '{"x": 1}', "gift, a", "", "", ""],
        [],
        ["c@d.co", "", "", "", "", "", "true", "7"],
    ]


OBJECTS = st.lists(
    st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20) | st.integers(), min_size=1, max_size=5),
    min_size=1,
    max_size=8,
)


@settings(max_examples=100, deadline=None)
@given(objects=OBJECTS)
def test_every_value_of_json_lines_stands_under_its_key(objects):
    file = io.BytesIO("\n".join(map(json.dumps, objects)).encode())
    header, *rows = reading_csv(json_lines.to_csv(file))

    assert len(rows) == len(objects)
    for found, row in zip(objects, rows, strict=True):
        told = dict(zip(header, row, strict=True))
        assert {key: value for key, value in told.items() if key in found} == {
            key: str(value).encode("utf-8", "replace").decode() for key, value in found.items()
        }


def test_half_a_character_in_a_key_is_kept_as_a_question_mark():
    header, row = reading_csv(json_lines.to_csv(io.BytesIO(b'{"\\ud800": "x", "a": {"\\udfff": "y"}}\n')))

    assert (header, row) == (["?", "a.?"], ["x", "y"])


def reading_csv(file):
    return list(csv.reader(io.TextIOWrapper(file, "utf-8", newline="")))


@pytest.mark.parametrize(
    "broken",
    [
        b"[1]",
        b"email",
        b'{"a":' * 5000,
        b'{"email": "x@y.co", "first_name": "cut off',
        b'"' * 9,
        b"\xff\xfe\x00",
        b'{"email": "' + b"x" * 2_100_000 + b'"}',
    ],
    ids=named,
)
def test_a_broken_line_is_refused_by_its_number_and_the_others_are_taken(database, workspace, broken):
    content = b'{"email": "a@b.co", "first_name": "A"}\n\n' + broken + b'\n{"email": "c@d.co", "first_name": "C"}\n'
    done = import_file(database, workspace.id, content)

    assert (done.counts["created"], done.counts["refused"]) == (2, 1)
    with database.transaction(workspace.id) as session:
        [row] = steps.list_refused(session, done)
    assert (row.reason, row.detail, done.line(row.row)) == ("json", "3", 3)


def test_a_first_line_that_is_broken_leaves_the_file_what_it_is(database, workspace):
    done = import_file(database, workspace.id, b'{"email": "a@b.co", \n{"email": "c@d.co"}\n')

    assert (done.counts, done.format) == ({"created": 1, "refused": 1}, "jsonl")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (zipped(**{"a.csv": CSV, "b.csv": CSV}), "several files"),
        (zipped(), "several files, or none"),
        (zipped(**{"../../etc/cron.d/x": CSV}), "outside"),
        (zipped(**{"/etc/passwd": CSV}), "outside"),
        (zipped(**{"C:\\people.csv": CSV}), "outside"),
        (damaged(zipped(packing=zipfile.ZIP_LZMA, **{"people.csv": CSV * 50})), "damaged"),
        (gzip.compress(CSV)[:-9], "damaged"),
        (b"\x1f\x8b" + bytes(100), "damaged"),
        (gzip.compress(gzip.compress(gzip.compress(CSV))), "archive in an archive"),
        (b"PK\x03\x04" + bytes(500), "damaged"),
        (zipped(**{"xl/workbook.xml": b"<nothing/>"}), "workbook cannot be read"),
        (b"\xd0\xcf\x11\xe0" + bytes(2000), "workbook cannot be read"),
        (b'\n{"email": "a@b.co"\n', "Line 2 holds no JSON object"),
        (b"{}\n[]\n", "Line 2 holds no JSON object"),
        (b'[{"email": "a@b.co"}]', "Line 1 holds no JSON object"),
        (json.dumps({f"k{n}": n for n in range(600)}).encode(), "500 columns"),
    ],
    ids=named,
)
def test_what_cannot_be_read_is_refused_in_words(database, workspace, content, says):
    with pytest.raises(FileRefused, match=says) as refused:
        import_file(database, workspace.id, content)

    assert refused.value.field == "file"


def test_an_archive_with_a_password_is_refused():
    packed = bytearray(zipped(**{"a.csv": CSV}))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(signature) + place] |= 1

    with pytest.raises(FileRefused, match="password"):
        conversion.convert(io.BytesIO(bytes(packed)))


def test_an_archive_that_unpacks_to_more_than_a_file_may_hold_is_refused():
    """However small it is packed, and whatever size its table of contents claims."""
    bomb = gzip.compress(bytes(archives.LARGEST + 1), compresslevel=1)
    assert len(bomb) < archives.LARGEST // 100

    with pytest.raises(FileRefused, match="512 MB"):
        conversion.convert(io.BytesIO(bomb))


def test_an_archive_of_very_many_names_is_not_read():
    """Its table of contents alone would take more memory than any file."""
    many = zipped(**{f"{'x' * 200}{n}": b"" for n in range(6000)})

    with pytest.raises(FileRefused, match="several files"):
        conversion.convert(io.BytesIO(many))


def test_a_sheet_of_one_far_cell_ends_a_child_and_nothing_else():
    """A sheet is held as a full rectangle: a cell in the last row and column would take more memory than there is."""
    book = a_workbook({"A": [["email"]]})
    far = a_workbook({"A": [["email"], ["ada@example.com"]]})
    with zipfile.ZipFile(io.BytesIO(far)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(
        b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )

    with pytest.raises(FileRefused, match="too large"):
        workbooks.to_csv(io.BytesIO(zipped(**parts)))
    assert workbooks.to_csv(io.BytesIO(book)).names == ["A"]


def test_the_page_offers_the_sheets_of_a_workbook(client):
    book = a_workbook({"People": [["email"], ["ada@example.com"]], "Old": [["mail"], ["bob@example.com"]]})
    sent = {"file": (io.BytesIO(book), "people.csv"), "kind": "people", "source": "own"}
    stored = client.post("/customers/imports/new", data=sent, content_type="multipart/form-data")
    page = client.get(stored.location).text
    assert "ada@example.com" in page
    assert "How the file is written" not in page

    assert client.post(f"{stored.location}/sheet", data={"sheet": "Nowhere"}).status_code == 422
    assert client.post(f"{stored.location}/sheet", data={"sheet": "Old"}).status_code == 303
    assert "bob@example.com" in client.get(stored.location).text
