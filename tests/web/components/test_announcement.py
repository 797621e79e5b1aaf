"""The operator's sentence on staff pages: there while it stands, asked for again only then, and harmless as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.kernel import announcements
from app.kernel.announcements import Announcement
from app.kernel.clock import FixedClock
from app.kernel.extensions import Extensions
from app.kernel.services import Services, build, install
from app.kernel.settings import Settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "announcement.json"


@pytest.fixture
def services(settings: Settings, clock: FixedClock, extensions: Extensions, file: Path) -> Iterator[Services]:
    made = install(build(extensions, replace(settings, announcement_file=file), clock=clock))
    yield made
    made.database.dispose()


def test_without_one_pages_show_none_and_ask_for_none(client: FlaskClient):
    assert 'hx-get="/announcement' not in client.get("/segments").text


def test_every_staff_page_shows_it_and_asks_again_while_it_stands(client: FlaskClient, file: Path):
    announcements.announce(file, Announcement({"en": "<b>We</b> upgrade at six.", "zh": "六点升级。"}))

    page = client.get("/segments").text

    assert "&lt;b&gt;We&lt;/b&gt; upgrade at six." in page
    assert 'hx-get="/announcement' in page
    assert "<progress" not in page.split('id="announcement"')[1].split("</div>")[0]


def test_a_page_hears_that_the_work_went_on(client: FlaskClient, file: Path):
    announcements.announce(file, Announcement({"en": "Playing"}, share=0.5))

    assert "HX-Trigger" not in client.get("/announcement?was=0.5").headers
    assert client.get("/announcement?was=0.25").headers["HX-Trigger"] == "work-went-on"
    assert 'value="0.5"' in client.get("/announcement").text


def test_nobody_outside_reads_it(anonymous: FlaskClient, file: Path):
    announcements.announce(file, Announcement({"en": "Playing"}))

    assert anonymous.get("/announcement").status_code == 302
    assert "Playing" not in anonymous.get("/login").text
