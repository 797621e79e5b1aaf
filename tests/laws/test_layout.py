"""No folder holds more files than one can hold in the head, and the tests of a file are found where its folder is."""

from __future__ import annotations

import re
from pathlib import Path

from tests.laws import source

MOST_FILES = 15
# A file with its folder, as documents write it; a name alone stands for one in every room.
_FILE = re.compile(r"`([a-z_]+/[a-zA-Z_/0-9.<>-]+\.(?:py|sql|html|po|md|json))`")
# What is tested of the whole application, and what tests are made of, has no room of its own.
_OF_EVERYTHING = {"factories", "laws", "stories"}
# Programs beside the application.
_BESIDE_IT = {"bench"}
_IN_A_BROWSER = {Path("web/browser")}


def test_no_folder_holds_more_than_fifteen_files():
    """A folder that grows beyond is split by noun; what the parts are for stands in their `__init__`."""
    counted = {folder: len(_modules(folder)) for top in ("app", "tests") for folder in _folders(source.ROOT / top)}

    assert {folder: count for folder, count in counted.items() if count > MOST_FILES} == {}


def test_tests_mirror_the_folders_of_the_application():
    """`tests/<room>/<part>` tests `app/<room>/<part>`."""
    tests = source.ROOT / "tests"
    rooms = [folder.relative_to(tests) for folder in _folders(tests)]
    mirrored = [room for room in rooms if room.parts and room.parts[0] not in _OF_EVERYTHING | _BESIDE_IT]

    assert [room for room in mirrored if not (source.ROOT / "app" / room).is_dir() and room not in _IN_A_BROWSER] == []
    assert len(mirrored) > 30


def test_every_package_says_what_it_is_for():
    silent = [
        path
        for path in source.files()
        if path.name == "__init__.py" and not source.tree(path).body and path.parent != source.ROOT / "app"
    ]

    assert silent == []


def test_every_file_the_documents_name_is_there():
    """Whoever looks for the place of a change is not sent to one that has moved."""
    named = {
        (document, path)
        for document in ("CONTRIBUTING.md", "README.md", "docs/glossary.md", "docs/operating.md")
        for path in _FILE.findall((source.ROOT / document).read_text())
        if "<" not in path
    }

    assert sorted((document, path) for document, path in named if not _is_there(path)) == []
    assert len(named) > 40


def _is_there(path: str) -> bool:
    return (source.ROOT / path).exists() or (source.ROOT / "app" / path).exists()


def _folders(top: Path) -> list[Path]:
    return sorted({path.parent for path in top.rglob("*.py")})


def _modules(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.py") if path.name != "__init__.py"]
