"""A first start, and one after an interrupted first start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from app.kernel.database import Database
from demo import showing
from demo.stage import NAME
from tests import servers as running
from tests.factories import NOON
from tests.factories.servers.jobs import ROOT
from tests.factories.workspaces import a_workspace


@pytest.fixture
def env(servers: running.Servers, worker_number: int, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of an installation with an empty database of its own."""
    name = f"first_start_{worker_number}"
    owner = running.create_database(servers.postgres, name)
    yield {
        "DATABASE_URL": running.application_url(owner),
        "DATABASE_OWNER_URL": owner,
        "REDIS_URL": servers.valkey.url_of(worker_number),
        "SMTP_URL": "smtp://127.0.0.1:9",
        "CATCHER_URL": "http://127.0.0.1:9",
        "PUBLIC_URL": "http://shop.test",
        "SECRET_KEYS": "1:" + "6b" * 32,
        "VAR_DIR": str(tmp_path),
    }
    running.drop_database(servers.postgres, name)


@pytest.fixture
def database(env: dict[str, str]) -> Iterator[Database]:
    opened = Database(env["DATABASE_URL"], pool_size=0)
    yield opened
    opened.dispose()


def names(database: Database) -> list[str]:
    with database.transaction() as session:
        return list(session.scalars(text("SELECT name FROM workspaces ORDER BY id")))


def test_an_interrupted_demonstration_begins_again_with_nothing_left_of_it(env: dict[str, str], database: Database):
    assert showing.make_ready(env) is None
    a_workspace(database, name=NAME, now=NOON)
    var_dir = Path(env["VAR_DIR"])
    (var_dir / "mail").mkdir()
    (var_dir / "clock").write_text("-8160211.0")

    assert showing.make_ready(env) is None
    assert names(database) == []
    assert {file.name for file in var_dir.iterdir()} == {"demo-begun"}


def test_nobody_elses_workspace_is_played_beside_or_cleared_away(env: dict[str, str], database: Database):
    a_workspace(database, name="Somebody's own", now=NOON)

    first = showing.make_ready(env)
    (Path(env["VAR_DIR"]) / "demo-begun").touch()
    second = showing.make_ready(env)

    assert (
        first
        == second
        == "the database already holds workspaces, and the demonstration moves the clock for all of them"
    )
    assert names(database) == ["Somebody's own"]


def test_nothing_is_played_through_a_mail_server_of_the_operators(env: dict[str, str]):
    reason = showing.make_ready({name: value for name, value in env.items() if name != "CATCHER_URL"})

    assert "SMTP_URL names a mail server of yours" in (reason or "")


def test_a_workspace_and_its_owner_are_made_on_the_command_line(env: dict[str, str], database: Database):
    words = ["new-workspace", "Nordlicht", "olga@nordlicht.example", "--postal-address", "1 Quay, Hamburg"]
    ran = subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        cwd=ROOT,
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=True,
    )

    assert names(database) == ["Nordlicht"]
    assert "Log in at http://shop.test/login as olga@nordlicht.example" in ran.stdout
