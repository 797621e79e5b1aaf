"""The PostgreSQL and Valkey all tests of one run share, and the schema each test process copies its database from."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psycopg

from app.kernel.database import LOGIN_ROLE
from app.kernel.processes.embedded import OWNER, Postgres, Valkey
from migrations import schema

TEMPLATE = "assent_template"


@dataclass
class Servers:
    """Both servers in a folder of their own, gone when the run ends."""

    folder: Path
    postgres: Postgres
    valkey: Valkey

    @classmethod
    def start(cls) -> Servers:
        folder = Path(tempfile.mkdtemp(prefix="assent-tests-"))
        servers = cls(folder, Postgres(folder, durable=False), Valkey(folder))
        servers.postgres.start()
        servers.valkey.start()
        return servers

    def stop(self) -> None:
        self.postgres.stop()
        self.valkey.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def address_of(folder: Path) -> tuple[Postgres, Valkey]:
    """Return handles on servers another process started in this folder."""
    return Postgres(folder, durable=False), Valkey(folder)


def create_database(postgres: Postgres, name: str) -> str:
    """Copy the template (made by whoever comes first) into a database of this name and return its URL."""
    with psycopg.connect(postgres.url_of("postgres"), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone():
            connection.execute(f"CREATE DATABASE {TEMPLATE}_new")
            schema.upgrade(postgres.url_of(f"{TEMPLATE}_new"))
            connection.execute(f"ALTER DATABASE {TEMPLATE}_new RENAME TO {TEMPLATE}")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    return postgres.url_of(name)


def drop_database(postgres: Postgres, name: str) -> None:
    """Drop it with whoever is still in it: the server's own autovacuum, too, which only a superuser may end."""
    with psycopg.connect(postgres.url_of("postgres", role="postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def application_url(owner_url: str) -> str:
    """Return the URL the application gets: of the role that owns nothing."""
    return owner_url.replace(f"//{OWNER}@", f"//{LOGIN_ROLE}@", 1)


def owner_url(application_url: str, *, role: str = OWNER) -> str:
    """Return the URL of the same database for its owner, or for somebody else."""
    return application_url.replace(f"//{LOGIN_ROLE}@", f"//{role}@", 1)
