"""Records of one person are found in spite of how they are written; other people stay apart."""

from __future__ import annotations

import argparse
import io
import itertools
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from app.commands import duplicates
from app.customers.duplicates import linkage, records, report
from app.customers.duplicates.records import NothingToCompare, Record

pytest.importorskip("splink")

ROOT = Path(__file__).parents[3]
FIRST = ["Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Margaret", "Dennis", "Radia", "Leslie", "Frances"]
LAST = ["Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth", "Hamilton", "Ritchie", "Perlman", "Müller"]
CITIES = ["Berlin", "Hamburg", "München", "Köln", "Leipzig", "Wien", "Zürich", "Graz"]


def found_in(text: str, *, least: float = 0.9) -> set[tuple[str, str]]:
    read = records.read(io.BytesIO(text.encode()))
    return {(pair.left.id, pair.right.id) for pair in linkage.find_pairs(read.people, least=least)}


def test_one_person_written_in_several_ways_is_found():
    found = found_in(
        "id;Vorname;Nachname;Geburtsdatum;E-Mail;Telefon;PLZ\n"
        "a;Jörg;Müller;24.06.1971;joerg@mueller.example;+49 30 1234567;10115\n"
        "b;Jorg;MULLER;24.6.1971;;0049 30 1234567;10115\n"
        "c;Müller;Jörg;24.06.1971;joerg@mueller.example;;\n"
        "d;Jörg;Maier;02.01.1980;jm@else.example;+49 30 7654321;20095\n"
        "e;Anna;Müller;05.09.1990;anna@mueller.example;;10115\n"
    )
    assert found == {("a", "b"), ("a", "c"), ("b", "c")}


@pytest.mark.parametrize(
    "text",
    [
        "email\nada@shop.example\nADA@shop.example\nbob@shop.example\n",
        'name,email\n"Lovelace, Ada",ada@shop.example\nAda Lovelace,ADA@shop.example\nBob Bell,bob@shop.example\n',
        '{"name": "Ada Lovelace", "phone": "+49 30 1234567"}\n{"name": "Ada Lovelace", "phone": "+49301234567"}\n'
        '{"name": "Bob Bell", "phone": "+49 30 7654321"}\n',
    ],
)
def test_whatever_the_columns_are_called_and_however_few_there_are(text: str):
    found = found_in(text, least=0.5)

    assert len(found) == 1
    first, second = (int(each) for each in next(iter(found)))
    assert second == first + 1


def test_families_and_namesakes_are_not_one_person():
    found = found_in(
        "id,first name,last name,dob,street,postcode,email\n"
        "1,Ada,Lovelace,1815-12-10,5 Square,10115,ada@home.example\n"
        "2,Byron,Lovelace,1836-05-12,5 Square,10115,byron@home.example\n"
        "3,John,Smith,1950-01-02,1 Road,20095,js@one.example\n"
        "4,John,Smith,1987-11-30,9 Lane,80331,john.smith@two.example\n"
    )
    assert found == set()


def test_many_people_with_mistakes_are_found_and_hardly_any_wrongly():
    random_ = random.Random(7)
    written: list[tuple[int, list[str]]] = []
    for number in range(600):
        birth = f"{random_.randint(1940, 2005)}-{random_.randint(1, 12):02}-{random_.randint(1, 28):02}"
        person = [random_.choice(FIRST), random_.choice(LAST), birth, random_.choice(CITIES), f"p{number}@mail.example"]
        written += [(number, list(person)) for _ in range(2 if number % 3 == 0 else 1)]
    for number, row in written[1:]:
        if number % 3 == 0 and random_.random() < 0.7:
            place = random_.randrange(5)
            row[place] = "" if random_.random() < 0.5 else row[place][:-2] + row[place][-1:]
    random_.shuffle(written)
    text = "id,given name,family name,birthday,town,mail\n" + "".join(
        f"{place},{','.join(row)}\n" for place, (_, row) in enumerate(written)
    )
    owner = {str(place): number for place, (number, _) in enumerate(written)}

    found = found_in(text)

    wrong = [pair for pair in found if owner[pair[0]] != owner[pair[1]]]
    true = [pair for pair in itertools.combinations(owner, 2) if owner[pair[0]] == owner[pair[1]]]
    assert len(wrong) <= 0.02 * len(found)
    assert len(found) - len(wrong) >= 0.85 * len(true)


def test_what_everybody_shares_brings_nobody_together():
    rows = "".join(f"{number},info{number}@firm{number}.example,Firm\n" for number in range(1_000))
    people = records.read(io.BytesIO(("id,email,city\n" + rows).encode())).people

    assert linkage.find_pairs(people, least=0.5) == []


def test_a_file_without_people_is_refused():
    with pytest.raises(NothingToCompare):
        records.read(io.BytesIO(b"sku,price\nA,1\nB,2\n"))


@pytest.mark.parametrize("number", [0, 1])
def test_fewer_than_two_people_are_no_pair(number: int):
    assert linkage.find_pairs([Record(2, "a", {"email": "ada@shop.example"})] * number) == []


def test_the_operators_command_tells_it_to_people_and_to_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "people.csv"
    file.write_text("id,name,email\n7,Ada Lovelace,ada@shop.example\n8,Ada Lovelace,ada@shop.example\n9,Bob Bell,\n")
    parser = argparse.ArgumentParser()
    duplicates.add_to(parser.add_subparsers())

    def run(*words: str) -> str:
        arguments = parser.parse_args(["find-duplicates", *words])
        assert arguments.act(arguments) == 0
        return capsys.readouterr().out

    told = json.loads(run(str(file), "--json"))
    assert (told["rows"], [(pair["left"], pair["right"]) for pair in told["pairs"]]) == (3, [("7", "8")])
    assert told["pairs"][0]["agreement"]["email"] == "same"
    assert run(str(file)).startswith(f"{told['pairs'][0]['probability']:.3f}  row 2 ada lovelace")
    with pytest.raises(SystemExit):
        run(str(file), "--least", "2")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "app.cli", "find-duplicates", str(tmp_path / "none.csv")]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ran.returncode == 2
    assert ran.stderr.strip() == f"{tmp_path / 'none.csv'} cannot be read: No such file or directory."


def test_the_report_counts_what_it_read():
    people = [Record(2, "a", {"email": "ada@shop.example"})]
    assert json.loads(report.as_json(records.Records(people, {"email": "Mail"}), [])) == {
        "rows": 1,
        "columns": {"email": "Mail"},
        "pairs": [],
    }
