"""Starts everything one machine needs, and the main job its caller brings; each part can be replaced by a URL."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Protocol

import psycopg
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from app.kernel import settings
from app.kernel.processes import ports
from app.kernel.processes.embedded import Postgres, ServerFailed, Valkey, tail
from app.kernel.processes.supervisor import Program, Supervisor
from app.kernel.queueing import jobs, queue
from app.wiring import serving
from migrations import schema

ROOT = Path(__file__).parent.parent
_WEB_SECONDS = 180.0
# A sender asked to stop ends after the group it has handed over; the last server's answer may take a moment.
_WORKER_SECONDS = 30.0
_LEAST_BYTES = 300 * 2**20
_MAIL_PORTS = "mail-ports"
_FIRST_WORKSPACE = "A workspace and its first owner are made by: .venv/bin/python -m app.cli new-workspace --help"


class CannotRun(Exception):
    """Something about this machine keeps the parts from starting; the message says what to do."""


class MainJob(Protocol):
    """What is shown on the first start, and whether it may be. `catcher` is the module that takes mail in its place.

    `begin` makes what somebody needs to log in, says how on a line of its own, and returns the rest of the job.
    """

    catcher: str

    def is_over(self, var_dir: Path) -> bool: ...

    def make_ready(self, env: Mapping[str, str]) -> str | None: ...

    def pass_over(self, var_dir: Path, reason: str) -> None: ...

    def begin(self, env: Mapping[str, str]) -> Callable[[], int]: ...


def run(main_job: MainJob, *, once: bool) -> int:
    """Start every part, play the main job where it is due, stay until told to stop, and stop everything.

    With `once` it is always played, in a folder of its own when it was played in this one before, and its status is
    returned; otherwise it is played on the first start only.
    """
    var_dir = Path(os.environ.get("VAR_DIR") or "var").absolute()
    if not once or not main_job.is_over(var_dir):
        return _run_in(var_dir, main_job, once)
    with TemporaryDirectory(prefix="assent-") as folder:
        print(f"The demonstration was played here before; playing it again beside it, in {folder}", flush=True)
        return _run_in(Path(folder), main_job, once)


def _run_in(var_dir: Path, main_job: MainJob, once: bool) -> int:
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    supervisor = Supervisor(say=lambda line: print(line, flush=True))
    try:
        with _only_run_of(var_dir):
            try:
                return _run(supervisor, var_dir, main_job, once)
            except KeyboardInterrupt as asked:
                print(f"\nStopping {asked}".rstrip(), flush=True)
                return 1 if once else 0
            finally:
                _let_stop(supervisor)
    except (CannotRun, ServerFailed, settings.SettingsInvalid) as refusal:
        print(refusal, file=sys.stderr)
        return 1


def environment(var_dir: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Return `given` with what it leaves out filled in for the parts that run from `var_dir`."""
    port = port_of(given)
    host = given.get("HOST", "127.0.0.1")
    smtp, inbox, intake = _mail_ports(var_dir)
    shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
    filled = {
        "VAR_DIR": str(var_dir),
        "HOST": host,
        "PORT": str(port),
        "DATABASE_URL": Postgres(var_dir).application_url,
        "DATABASE_OWNER_URL": given.get("DATABASE_URL") or Postgres(var_dir).url,
        "REDIS_URL": Valkey(var_dir).url,
        "PUBLIC_URL": f"http://{shown}:{port}",
        "CLOCK_FILE": str(var_dir / "clock"),
        "INBOUND_DOMAIN": "inbound.example",
        "INTAKE_ADDRESS": f"127.0.0.1:{intake}",
        "SECRET_KEYS": _secret(var_dir) if "SECRET_KEYS" not in given else "",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
    }
    if not given.get("SMTP_URL"):
        filled |= {"SMTP_URL": f"smtp://127.0.0.1:{smtp}", "CATCHER_URL": f"http://127.0.0.1:{inbox}"}
        # Nothing leaves this machine, so nobody needs to show in the DNS that a domain is theirs.
        filled["ALLOW_UNPROVED_SENDERS"] = "1"
    return filled | {name: value for name, value in given.items() if value}


def use_local_parts() -> None:
    """Let a command find the parts that `make run` started from this folder, unless the environment names others."""
    os.environ.update(environment(Path(os.environ.get("VAR_DIR", "var")).absolute(), os.environ))


def _run(supervisor: Supervisor, var_dir: Path, main_job: MainJob, once: bool) -> int:
    env = _prepared(var_dir, main_job)
    programs = _programs(env, var_dir, main_job)
    built = _build_assets()
    if env["DATABASE_OWNER_URL"] == Postgres(var_dir).url:
        print("Starting PostgreSQL", flush=True)
        supervisor.start("PostgreSQL", Postgres(var_dir))
    if env["REDIS_URL"] == Valkey(var_dir).url:
        print("Starting Valkey", flush=True)
        supervisor.start("Valkey", Valkey(var_dir))
    _require_servers(env)
    try:
        schema.upgrade(env["DATABASE_OWNER_URL"])
    except DBAPIError as error:
        raise CannotRun(f"The database cannot be brought to this version's tables:\n{error.orig}") from error
    is_due = once or not main_job.is_over(var_dir)
    if is_due and (reason := main_job.make_ready(env)):
        if once:
            raise CannotRun(f"The demonstration cannot be played here: {reason}.")
        print(f"The demonstration is not played: {reason}.", flush=True)
        main_job.pass_over(var_dir, reason)
        is_due = False
    print("Starting the web server and the workers", flush=True)
    # Alone at first: somebody waits for the page, and on two cores all that start at once wait for one another.
    supervisor.start("web", programs["web"])
    built()
    _await_web(env, programs["web"], supervisor)
    for name, program in programs.items():
        if name != "web":
            supervisor.start(name, program)
    if is_due:
        play = main_job.begin(env)
        _say_where(env, var_dir)
        status = play()
        if once:
            return status
    _say_where(env, var_dir)
    while True:
        time.sleep(0.5)
        supervisor.check()


def _build_assets() -> Callable[[], None]:
    """Build the browser's files beside the servers' start; the call returned waits for them, or raises CannotRun."""
    if not (ROOT / "frontend").exists():
        return lambda: None
    child = subprocess.Popen([sys.executable, "-m", "app.web.assets"], cwd=ROOT)

    def wait() -> None:
        if child.wait():
            raise CannotRun("The browser's files are not there; the lines above say why.")

    return wait


def _prepared(var_dir: Path, main_job: MainJob) -> dict[str, str]:
    """Return the environment of all parts, once nothing stands in their way any more."""
    given = dict(os.environ)
    env = environment(var_dir, given)
    settings.read(env)
    for program in _programs(env, var_dir, main_job).values():
        program.stop_left_over()
    _require_free_port(env["HOST"], int(env["PORT"]))
    if not all(map(ports.is_free, _mail_ports(var_dir))):
        (var_dir / _MAIL_PORTS).unlink()
        env = environment(var_dir, given)
    os.environ.update(env)
    return env


def _programs(whole_env: Mapping[str, str], var_dir: Path, main_job: MainJob) -> dict[str, Program]:
    # Whoever takes over a part of the application must not find the way to the tables' owner in its environment.
    env = {name: value for name, value in whole_env.items() if name != "DATABASE_OWNER_URL"}
    python, workers = [sys.executable, "-u"], settings.read(env).workers
    web = serving.command(env["HOST"], int(env["PORT"]))
    made = {"web": Program("web", web, env=env, var_dir=var_dir)}
    if env.get("CATCHER_URL"):
        made["catcher"] = Program("catcher", [*python, "-m", main_job.catcher], env=env, var_dir=var_dir)
    made["intake"] = Program("intake", [*python, "-m", "app.cli", "intake"], env=env, var_dir=var_dir)
    for number in range(1, workers + 1):
        # Somebody is always there for what people wait for, however much mail is leaving.
        words = [*python, str(ROOT / "worker.py"), "work", *jobs.queues_of(number, workers)]
        name = f"worker-{number}"
        made[name] = Program(name, words, env=env, var_dir=var_dir, timeout=_WORKER_SECONDS)
    made["relay"] = Program("relay", [*python, str(ROOT / "worker.py"), "relay"], env=env, var_dir=var_dir)
    return made


def _await_web(env: Mapping[str, str], web: Program, supervisor: Supervisor) -> None:
    until = time.monotonic() + _WEB_SECONDS
    host = "127.0.0.1" if env["HOST"] == "0.0.0.0" else env["HOST"]  # noqa: S104 - compared, not bound
    while time.monotonic() < until:
        with suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"http://{host}:{env['PORT']}/login", timeout=10).close()
            return
        supervisor.check()
        time.sleep(0.2)
    raise CannotRun(f"The web server does not answer:\n{tail(web.log)}")


def _say_where(env: Mapping[str, str], var_dir: Path) -> None:
    print(f"\nAssent runs at {env['PUBLIC_URL']}", flush=True)
    login = var_dir / "demo-login"
    print(login.read_text().rstrip() if login.exists() else _FIRST_WORKSPACE, flush=True)
    if env.get("CATCHER_URL"):
        print(f"Mail      every mail that was sent, and its preference page: {env['CATCHER_URL']}", flush=True)
    print(f"Logs      {var_dir / 'log'}\nStop with Ctrl-C; the next start finds everything as it was.", flush=True)


def _secret(var_dir: Path) -> str:
    """Return this installation's signing key, made on the first start and readable by its owner alone."""
    file = var_dir / "secret"
    var_dir.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        fresh = file.with_name(f"secret-{secrets.token_hex(4)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(settings.new_key())
        try:
            os.link(fresh, file)
        finally:
            fresh.unlink()
    return file.read_text().strip()


def _mail_ports(var_dir: Path) -> list[int]:
    """Return the ports of the catcher's SMTP and HTTP and of the intake's SMTP."""
    return ports.keep(var_dir / _MAIL_PORTS, 3)


def port_of(given: Mapping[str, str]) -> int:
    """Return PORT, or 8000; raise CannotRun if it is none."""
    value = given.get("PORT") or "8000"
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise CannotRun(f"PORT must be a number from 1 to 65535, not {value!r}.")
    return int(value)


def _require_free_port(host: str, port: int) -> None:
    if hindrance := ports.obstacle(host, port):
        raise CannotRun(f"Port {port} cannot be used on {host} ({hindrance}). Choose another: make run PORT={port + 1}")


def _require_servers(env: Mapping[str, str]) -> None:
    """Ask the database and Redis, ours or the operator's, before anything is built on them."""
    try:
        psycopg.connect(env["DATABASE_OWNER_URL"].replace("+psycopg", "", 1), connect_timeout=5).close()
    except psycopg.Error as error:
        raise CannotRun(f"The database does not answer at DATABASE_URL:\n{str(error).strip()}") from error
    try:
        queue.connect(env["REDIS_URL"]).ping()
    except (RedisError, OSError) as error:
        raise CannotRun(f"Redis does not answer at REDIS_URL:\n{error}") from error


def _require_room(var_dir: Path) -> None:
    """See that data can be kept in this folder."""
    try:
        var_dir.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=var_dir):
            free = shutil.disk_usage(var_dir).free
    except OSError as error:
        raise CannotRun(
            f"Nothing can be written to {var_dir} ({error.strerror}). Choose another: VAR_DIR=..."
        ) from error
    if free < _LEAST_BYTES:
        needed, left = _LEAST_BYTES // 2**20, free // 2**20
        raise CannotRun(f"The disk of {var_dir} is full: {left} MB are free, {needed} MB are needed to begin.")


@contextmanager
def _only_run_of(var_dir: Path) -> Iterator[None]:
    """Hold the folder's lock; the system lets go of it when we die, however we die."""
    _require_room(var_dir)
    with (var_dir / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise CannotRun(f"Assent already runs from this folder (process {lock.read().strip()}).") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _let_stop(supervisor: Supervisor) -> None:
    """Stop every part; a second Ctrl-C while stopping does not leave any behind."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    supervisor.stop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _interrupt(number: int, _frame: object) -> None:
    raise KeyboardInterrupt(f"({signal.Signals(number).name})")
