"""The servers we bring along: private, durable, and never in the way of the next start."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from app.kernel.processes import children
from app.kernel.processes.embedded import Postgres, ServerFailed, Valkey, prepare_private, socket_dir
from tests.factories.servers.processes import until

ROOT = Path(__file__).parents[3]


@pytest.fixture
def postgres(tmp_path: Path):
    made = Postgres(tmp_path)
    made.start()
    yield made
    made.stop()


def test_data_outlives_a_killed_server(postgres: Postgres):
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    assert postgres.pid
    os.kill(postgres.pid, signal.SIGKILL)

    postgres.start()

    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_a_server_somebody_left_running_is_stopped_and_replaced(tmp_path: Path, postgres: Postgres):
    left_over = postgres.pid

    again = Postgres(tmp_path, durable=False)
    again.start()

    assert again.pid != left_over
    assert str(tmp_path) not in children.command_line(left_over or 0)
    again.stop()


def test_the_owner_is_no_superuser_and_nothing_listens_on_the_network(postgres: Postgres):
    with psycopg.connect(postgres.url) as connection:
        asked = "SELECT current_setting('is_superuser'), current_setting('listen_addresses')"
        assert connection.execute(asked).fetchone() == (
            "off",
            "",
        )
    assert stat.S_IMODE(postgres.sockets.stat().st_mode) == 0o700


def test_its_database_speaks_unicode(postgres: Postgres):
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT lower('ÄÖ'), current_setting('server_encoding')").fetchone() == ("äö", "UTF8")


def test_valkey_keeps_what_it_was_told(tmp_path: Path):
    valkey = Valkey(tmp_path)
    valkey.start()
    with redis.Redis.from_url(valkey.url) as client:
        client.set("key", "value")
    valkey.stop()

    valkey.start()

    with redis.Redis.from_url(valkey.url) as client:
        assert client.get("key") == b"value"
    valkey.stop()


def test_a_long_path_gets_a_short_one_for_its_sockets(tmp_path: Path):
    deep = tmp_path / ("a" * 60) / ("b" * 60)

    assert len(str(socket_dir(deep))) < 60
    assert socket_dir(deep) == socket_dir(deep)
    assert socket_dir(deep) != socket_dir(deep / "c")
    assert socket_dir(Path("/srv/assent/var")) == Path("/srv/assent/var/sockets")


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    with pytest.raises(ServerFailed):
        prepare_private(tmp_path / "link")


def test_a_number_that_now_belongs_to_somebody_else_is_left_alone(tmp_path: Path):
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    pid_file = tmp_path / "server.pid"
    pid_file.write_text(f"{bystander.pid}\n")

    children.stop_left_over(pid_file, marker="postgres -D /somewhere")

    assert bystander.poll() is None
    assert not pid_file.exists()
    bystander.kill()
    bystander.wait()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the death signal is Linux's")
def test_children_die_with_their_parent(tmp_path: Path):
    code = (
        "import sys, time; from pathlib import Path; from app.kernel.processes import children;"
        "words = 'import time; print(1, flush=True); time.sleep(600)';"
        "child = children.spawn([sys.executable, '-c', words], log=Path(sys.argv[1]));"
        "print(child.pid, flush=True); time.sleep(600)"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "log")]
    parent = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline()) if parent.stdout else 0
    # Only once it runs has it asked the system to be told of its parent's death.
    until((tmp_path / "log").read_bytes)

    parent.kill()
    parent.wait()

    until(lambda: "time.sleep(600)" not in children.command_line(pid))
