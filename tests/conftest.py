"""What tests stand on: real servers, a database per test process, a fresh workspace per test, a fixed clock."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import psycopg
import pytest
from sqlalchemy import Engine, event, text

from app.kernel.clock import FixedClock
from app.kernel.database import Database
from app.kernel.extensions import Extensions
from app.kernel.processes.embedded import Valkey
from app.kernel.queueing import queue
from app.kernel.services import Services, install
from app.kernel.settings import Key, Settings
from app.kernel.tokens import Tokens
from tests import servers as running
from tests.factories import NOON
from tests.factories.application.extending import carrying

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from tests.factories.workspaces import WorkspaceForTests


# No property is judged by the machine's speed: neither an example's time nor that of making one.
hypothesis.settings.register_profile(
    "any_machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any_machine")


class _Undo(Exception):
    """Raised to leave a transaction without committing."""


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Start the servers before the first xdist worker, and tell each worker where they are."""
    config = node.config
    if not hasattr(config, "assent_servers"):
        config.assent_servers = running.Servers.start()
    node.workerinput["servers"] = str(config.assent_servers.folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    started = getattr(config, "assent_servers", None)
    if started:
        started.stop()


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Iterator[running.Servers]:
    """The servers of this run, shared by all its processes."""
    workerinput = getattr(request.config, "workerinput", None)
    if workerinput is None:
        started = running.Servers.start()
        yield started
        started.stop()
        return
    folder = Path(workerinput["servers"])
    yield running.Servers(folder, *running.address_of(folder))


@pytest.fixture(scope="session")
def worker_number(request: pytest.FixtureRequest) -> int:
    """0 without xdist, otherwise 1, 2, ... ; Valkey database and PostgreSQL database are named by it."""
    workerinput = getattr(request.config, "workerinput", None)
    return int(workerinput["workerid"].removeprefix("gw")) + 1 if workerinput else 0


@pytest.fixture(scope="session")
def valkey(servers: running.Servers) -> Valkey:
    return servers.valkey


@pytest.fixture(scope="session")
def settings(servers: running.Servers, worker_number: int, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of an installation on this run's servers; its mail goes nowhere unless a test starts a sink."""
    var_dir = tmp_path_factory.mktemp("var")
    return Settings(
        database_url=running.application_url(running.create_database(servers.postgres, f"test_{worker_number}")),
        redis_url=servers.valkey.url_of(worker_number),
        smtp_url="smtp://127.0.0.1:9",
        public_url="http://mail.shop.test",
        secret_keys=(Key(1, b"tests-only-" + b"k" * 32),),
        var_dir=var_dir,
        spool_dir=var_dir / "spool",
        environment="test",
        allow_unproved_senders=True,
    )


@pytest.fixture
def owner_url(settings: Settings) -> str:
    """The way in of who owns the tables: migrations come by it, the application does not."""
    return running.owner_url(settings.database_url)


@pytest.fixture
def superuser_url(settings: Settings) -> str:
    """The way in of the server's superuser, past every policy."""
    return running.owner_url(settings.database_url, role="postgres")


@pytest.fixture(scope="session")
def opened_database(settings: Settings) -> Iterator[Database]:
    """The database of this test process, at the latest schema; what is learned of a statement serves every test."""
    opened = Database(settings.database_url, pool_size=settings.pool_size)
    yield opened
    opened.dispose()


@pytest.fixture
def extensions() -> Extensions:
    """What rooms add to one another; a test that wants others overrides this, `extensions.replacing(...)`."""
    from app.wiring import pages

    return pages.build_extensions()


@pytest.fixture
def database(opened_database: Database, extensions: Extensions) -> Database:
    """The database, its sessions carrying the extensions of this test."""
    return carrying(opened_database, *extensions.by_class.values())


@pytest.fixture
def clock() -> FixedClock:
    """Monday 2 March 2026, 10:00 UTC, until a test moves it."""
    return FixedClock(NOON)


@pytest.fixture
def services(settings: Settings, clock: FixedClock, database: Database) -> Services:
    """This process's services on the test clock, installed where views and jobs find them."""
    return install(Services(settings, clock, database, Tokens(settings.secret_keys), database.extensions))


@pytest.fixture
def no_other_workspaces(superuser_url: str) -> None:
    """Clear away what earlier tests left: for a test of a job that goes through every workspace there is."""
    with psycopg.connect(superuser_url.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica; TRUNCATE workspaces CASCADE")


@pytest.fixture
def workspace(database: Database) -> WorkspaceForTests:
    """A fresh workspace that is ready to send."""
    from tests.factories.workspaces import a_workspace

    # What earlier tests mailed to a mailbox must not count against this one.
    with database.transaction() as opened:
        opened.execute(text("DELETE FROM mail_allowances"))
    return a_workspace(database, name=f"Shop {secrets.token_hex(4)}", now=NOON)


@pytest.fixture
def session(database: Database, workspace: WorkspaceForTests) -> Iterator[Session]:
    """A transaction inside the workspace, rolled back at the end."""
    with suppress(_Undo), database.transaction(workspace.id) as opened:
        yield opened
        raise _Undo


@pytest.fixture
def statements(database: Database) -> Callable[[], AbstractContextManager[list[str]]]:
    """Count work instead of time: `with statements() as asked:` collects every statement meanwhile, of all sessions."""

    @contextmanager
    def collecting() -> Iterator[list[str]]:
        asked: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
            asked.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield asked
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    return collecting


@pytest.fixture(scope="session")
def built_apps() -> dict[Settings, Flask]:
    """The applications of this process: routes and templates are compiled once for all tests with these settings."""
    return {}


@pytest.fixture
def app(services: Services, built_apps: dict[Settings, Flask]) -> Flask:
    """The whole web application, without CSRF so that tests may post what they like (the laws test CSRF itself).

    It is shared by tests, as it is by requests: a test that adds routes builds one of its own.
    """
    from app.wiring.application import create_app

    # All tests come from one network; what earlier ones tried must not count against this one.
    queue.connect(services.settings.redis_url).flushdb()
    made = built_apps.get(services.settings) or built_apps.setdefault(services.settings, create_app(services))
    made.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    return made


@pytest.fixture
def anonymous(app: Flask) -> FlaskClient:
    """A browser nobody has logged in with."""
    return app.test_client()


@pytest.fixture
def client(app: Flask, services: Services, database: Database, workspace: WorkspaceForTests) -> FlaskClient:
    """A browser logged in as the workspace's owner."""
    from tests.factories.workspaces import sign_in

    browser = app.test_client()
    sign_in(browser, database, workspace, now=services.clock.now())
    return browser
