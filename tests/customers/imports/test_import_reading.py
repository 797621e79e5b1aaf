"""However a table of text is written, its rows are found, and nothing in it ends the reading."""

from __future__ import annotations

import io
import random
import time

import pytest

from app.customers.imports import steps
from app.customers.imports.formats.refusing import FileRefused
from app.customers.imports.parsing import encodings, reading
from app.customers.imports.parsing.reading import Broken
from tests.customers.imports.test_bad_files import names
from tests.factories.customers import import_file

GOOD = "ada@example.com"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        *(("gb18030", text) for text in ("Zoë Müller", "José", "Lü Xùn 鲁迅", "张伟,北京", "娜娜")),
        *(("cp1252", text) for text in ("Zoë Müller", "créée", "ANDRÉ", "Größe; 12,50 €", "l’été", "François", "Ø")),
        *(("mac_roman", text) for text in ("Müller", "André", "Größe", "Böhm")),
        *(("cp1250", text) for text in ("Wałęsa", "Kraków, Święty")),
        *(("cp1251", text) for text in ("Иван Петров", "Москва")),
        *(("cp1254", "Şahin, Ağaoğlu"), ("cp1253", "Αθήνα"), ("big5", "王小明"), ("cp932", "田中ひろし")),
        *(("cp949", "김철수 서울특별시"), ("utf-8-sig", "Zoë 李"), ("utf-16", "Zoë 李")),
        *((encoding, "李小龙,北京\n" * 20) for encoding in ("utf-16-le", "utf-16-be")),
    ],
)
def test_the_encoding_is_told_by_what_reads_like_words(encoding, text):
    assert encodings.guess(f"email,name\na@b.co,{text}\n".encode(encoding)) == encoding


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_can_be_read_though_it_is_called_utf_16(database, workspace, encoding):
    content = f"email,first_name\n{GOOD},Zoë 李\n".encode(encoding)

    assert import_file(database, workspace.id, content, encoding="utf-16").counts == {"created": 1}
    assert names(database, workspace.id) == {GOOD: "Zoë 李"}


def test_a_chinese_spreadsheet_may_hold_latin_names_only(database, workspace):
    content = f"email,first_name\n{GOOD},Zoë Müller\n".encode("gb18030")

    import_file(database, workspace.id, content)
    assert names(database, workspace.id) == {GOOD: "Zoë Müller"}


@pytest.mark.parametrize(
    "above",
    [
        *("sep=;\r\n", "\ufeffsep=;\n", "SEP=;\n", "\n\n", "\r\n \r\n", ";;\n;;\n", "sep=;\n\n\n", "Customers;;\n"),
        *("Customers of 2026\n\n", "Report\nMade on 31.03.2026\n", '"sep=;"\n'),
    ],
)
def test_what_stands_above_the_heading_is_no_heading(database, workspace, above):
    done = import_file(database, workspace.id, f"{above}email;first_name\n{GOOD};Ada\nnobody;x\n")

    assert done.header == ["email", "first_name"]
    assert done.counts == {"created": 1, "refused": 1}


def test_a_named_separator_wins_over_a_likelier_one(database, workspace):
    done = import_file(database, workspace.id, f"sep=|\nemail|first_name\n{GOOD}|Ada, Countess, of Lovelace\n")

    assert (done.delimiter, names(database, workspace.id)) == ("|", {GOOD: "Ada, Countess, of Lovelace"})


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        *((r'"A\"nn"', 'A"nn'), (r'"A\"nn\", she said"', 'A"nn", she said'), (r'"A\\"', "A\\")),
        (r'"C:\dir"', r"C:\dir"),
    ],
)
def test_quotation_marks_may_be_escaped_by_a_backslash(database, workspace, cell, name):
    rows = "".join(f'p{n}@example.com,"say \\"{n}\\", you"\n' for n in range(5))
    import_file(database, workspace.id, f"email,first_name\n{GOOD},{cell}\n{rows}")

    assert names(database, workspace.id)[GOOD] == name


def test_one_escaped_quotation_mark_far_into_a_file_is_read_too(database, workspace):
    rows = "".join(f'p{n}@example.com,"P"\n' for n in range(13_000))
    import_file(database, workspace.id, f'email,first_name\n{rows}{GOOD},"A\\"nn"\n')

    assert names(database, workspace.id)[GOOD] == 'A"nn'


def test_a_folder_ending_in_a_backslash_closes_its_cell(database, workspace):
    rows = "".join(f'p{n}@example.com,"C:\\dir{n}\\"\n' for n in range(5))
    import_file(database, workspace.id, f"email,first_name\n{rows}")

    assert names(database, workspace.id)["p3@example.com"] == "C:\\dir3\\"


def test_rows_of_separators_alone_are_no_rows(database, workspace):
    """Spreadsheets write them after the last row."""
    done = import_file(database, workspace.id, f"email;first_name\n{GOOD};Ada\n;\n;\n ; \n")

    assert done.counts == {"created": 1}


def test_a_refusal_names_the_column_as_the_file_does(database, workspace):
    """Not as the program calls it."""
    content = f"Kundennr;E-Mail\nC1;{GOOD}\n;bob@example.com\nC2;nobody\n"
    done = import_file(database, workspace.id, content, match_by="external_ref")

    with database.transaction(workspace.id) as session:
        rows = [(row.reason, row.detail, row.place) for row in steps.list_refused(session, done)]
    assert rows == [("nobody", "Kundennr", None), ("address", "nobody", 1)]


def test_a_quotation_mark_that_turns_a_file_into_millions_of_bad_rows_stops_it(database, workspace):
    """Ten thousand rows that are none are enough to know, and the line where the mark was opened is told."""
    content = f'email,first_name\n{GOOD},Ada\nbob@example.com,"Bob\n' + "x\n" * 60_000
    done = import_file(database, workspace.id, content)

    assert (done.state, done.rehearsal["stopped"]["quote_line"]) == ("failed", 3)
    assert done.counts["created"] == 1
    assert done.counts["refused"] < 20_000


def test_rows_of_unknown_buyers_stop_nothing(database, workspace):
    """They can be read well; that none of them is known is for the person to judge."""
    rows = "".join(f"p{n}@example.com,2026-03-31,5\n" for n in range(10_500))
    done = import_file(database, workspace.id, "email,date,amount\n" + rows, kind="purchases")

    assert (done.state, done.counts) == ("done", {"refused": 10_500})


def mutated(chance: random.Random) -> bytes:
    """A plausible file, damaged."""
    delimiter, newline = chance.choice(",;\t|"), chance.choice(("\n", "\r\n", "\r"))
    odd = ['"', '""', '\\"', "\\", "\0", "\ufeff", "=1", "'", "\u2028", "sep=;", " ", "Zoë", "李", "\x1a", "x" * 200]
    lines = [delimiter.join(("email", "first_name", "city"))]
    for _ in range(9):
        cells = [chance.choice([GOOD, "Ada", *odd]) for _ in range(chance.choice((3, 3, 1, 7)))]
        lines.append(delimiter.join(cells))
    encoding = chance.choice(list(encodings.ENCODINGS))
    data = bytearray(newline.join(lines).encode(encoding, errors="replace"))
    for _ in range(chance.randrange(8)):
        place = chance.randrange(len(data) + 1)
        any_byte = bytes([chance.randrange(256)])
        piece = chance.choice([b'"', b"\0", b"\xff", b"\xfe\xff", b"\n", b"\r", b'"\n"', any_byte])
        data[place : place + chance.randrange(3)] = piece * chance.choice((1, 1, 1, 50))
    return bytes(data)


def test_no_damage_raises_and_no_line_is_read_over_and_over():
    for seed in range(400):
        chance = random.Random(seed)
        data = mutated(chance)
        chosen = chance.choice([None, *encodings.ENCODINGS])
        laid_out = reading.layout(data, chosen or encodings.guess(data), chance.choice([None, *reading.DELIMITERS]))
        found = list(reading.records(io.BytesIO(data), laid_out))
        assert [number for number, _ in found] == list(range(1, len(found) + 1)), seed
        assert len(found) <= 2 * (data.count(b"\n") + data.count(b"\r")) + 2, seed
        for _, cells in found:
            assert isinstance(cells, Broken | list), seed


@pytest.mark.parametrize(
    "piece", ['"\n', '""\n', '"""\n', 'a,"b\n', '"a\n"b', '\\"\n', '"a"b\n', '","\n', "'\n", '"' * 500 + "\n", '",\n"']
)
def test_quotation_marks_cost_time_in_proportion_to_the_file(piece):
    """However marks are strewn: nothing but the processor can tell, so a file is compared with one eight times as long.
    In quadratic time it would take sixty-four times as long.
    """
    took = [work(piece * (size // len(piece))) for size in (250_000, 2_000_000)]

    assert took[1] < 24 * max(took[0], 0.05)


def work(text):
    content, before = f"email,name\n{text}".encode(), time.process_time()
    for _ in reading.records(io.BytesIO(content), reading.Layout("utf-8-sig", ",")):
        pass
    return time.process_time() - before


def test_no_damaged_file_ends_an_import(database, workspace):
    for seed in range(15):
        try:
            done = import_file(database, workspace.id, mutated(random.Random(1000 + seed)), mapped={"0": "email"})
        except FileRefused:
            continue
        assert done.state == "done", seed
