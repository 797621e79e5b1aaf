"""What the browser gets is built the same way everywhere, and is light."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.web import assets, files

LIGHT_KB = 300
EVERY_PAGE = ("app.css", "app.js", "theme.js", "icons.svg", "inter.woff2", "favicon.svg")


def test_the_build_gives_the_same_files_twice(built: None, tmp_path: Path):
    assets.build(say=lambda line: None, dist=tmp_path / "again")

    assert json.loads((tmp_path / "again" / "manifest.json").read_text()) == files.manifest()


def test_a_second_build_has_nothing_to_do(built: None):
    assert assets.build(say=lambda line: None) is False


def test_the_lock_names_no_registry():
    assert "resolved" not in (assets.ROOT / "package-lock.json").read_text()


def test_a_page_with_charts_stays_light(built: None):
    """INTERFACE: under 300 KB without the editor, as it travels."""
    packed = sum(assets.packed_kb(files.DIST / files.manifest()[name]) for name in (*EVERY_PAGE, "charts.js"))

    assert packed < LIGHT_KB


@pytest.mark.parametrize(("accepts", "encoding"), [("br, gzip", "br"), ("gzip", "gzip"), ("identity", None)])
def test_files_travel_packed_and_are_kept_for_a_year(
    browser_client: FlaskClient, built: None, accepts: str, encoding: str | None
):
    answer = browser_client.get(f"/assets/{files.manifest()['app.css']}", headers={"Accept-Encoding": accepts})

    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.mimetype == "text/css"
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("name", ["nothing.css", "../files.py", "..%2ffiles.py", ".inputs"])
def test_only_built_files_are_served(browser_client: FlaskClient, name: str):
    assert browser_client.get(f"/assets/{name}").status_code == 404


def test_every_class_on_a_page_is_drawn(built: None):
    """The framework is trimmed; a class that was trimmed away, or misspelt, would look like nothing at all."""
    drawn = set(re.findall(r"\.((?:[\w-]|\\.)+)", (files.DIST / files.manifest()["app.css"]).read_text()))
    used = {
        (name, str(path.relative_to(assets.ROOT)))
        for path in (assets.ROOT / "app").glob("*/templates/**/*.html")
        for names in re.findall(r'class="([^"]*)"', re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL))
        for name in re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", names).split()
        if not name.endswith("-")
    }

    assert {pair for pair in used if pair[0].replace(":", "\\:") not in drawn} == set()
