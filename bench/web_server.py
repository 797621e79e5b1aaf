"""The real web server (granian, one process) in front of an application, for benchmarks of requests."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from app.wiring import serving
from bench import ground

APPLICATION = "app.wiring.application:rsgi"
NOTHING = "bench.web_server:Nothing"


@dataclass(frozen=True)
class Server:
    """A running web server."""

    port: int
    pid: int


class Nothing:
    """An application that costs nothing: what is left is the web server's own."""

    async def __rsgi__(self, _scope: Any, protocol: Any) -> None:
        protocol.response_empty(302, [("Location", "https://shop.test/")])


@contextmanager
def server(place: ground.Ground, application: str) -> Iterator[Server]:
    """Run the web server as `make run` does, in front of this application."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = serving.command("127.0.0.1", port, target=application)
    process = subprocess.Popen([*command, "--log-level", "error"], env=environment(place))
    try:
        _await(port)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def environment(place: ground.Ground) -> dict[str, str]:
    """Return the environment in which the application's programs run on these servers."""
    settings = place.services.settings
    key = settings.secret_keys[0]
    return {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SMTP_URL": settings.smtp_url,
        "PUBLIC_URL": settings.public_url,
        "SECRET_KEYS": f"{key.id}:{key.secret.hex()}",
        "VAR_DIR": str(settings.var_dir),
    }


def _await(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise TimeoutError("the web server does not answer")
