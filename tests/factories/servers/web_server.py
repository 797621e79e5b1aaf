"""The web server as it is started in earnest: a process of its own, on a port of its own."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from app.kernel.settings import Settings
from app.wiring import serving
from tests.factories.workspaces import WorkspaceForTests

ROOT = Path(__file__).parents[3]
# Far more than any answer takes, on however busy a machine: who waits this long waits for a server that is stopped.
TIMEOUT = 60.0


@dataclass(frozen=True)
class WebServer:
    """A running web server."""

    port: int

    def connect(self, sent: bytes = b"") -> socket.socket:
        """Return a connection on which this much has been sent."""
        opened = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)
        opened.sendall(sent)
        return opened

    def ask(self, sent: bytes) -> bytes:
        """Return all that comes back until the server closes."""
        with self.connect(sent) as opened:
            return b"".join(iter(lambda: opened.recv(65536), b""))

    def status(self, sent: bytes) -> int:
        """Return the status of the answer."""
        return int(self.ask(sent).split(b" ", 2)[1])


class WebBrowser:
    """A browser that keeps its cookies and sends forms with the token of their page."""

    def __init__(self, server: WebServer) -> None:
        self._url = f"http://127.0.0.1:{server.port}"
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def sign_in(self, workspace: WorkspaceForTests) -> WebBrowser:
        fields = {"email": workspace.owner_email, "password": workspace.password, "csrf_token": self._token("/login")}
        assert self._open("/login", urlencode(fields).encode()).status == 200
        return self

    def get(self, path: str) -> str:
        with self._open(path) as answer:
            return str(answer.read().decode())

    def upload(self, path: str, file: bytes) -> str:
        """Send a file by the form on this page; return where that led."""
        parts = {'name="csrf_token"': self._token(path).encode(), 'name="file"; filename="people.csv"': file}
        body = b"".join(
            b"--part\r\nContent-Disposition: form-data; " + name.encode() + b"\r\n\r\n" + value + b"\r\n"
            for name, value in parts.items()
        )
        with self._open(path, body + b"--part--\r\n", {"Content-Type": "multipart/form-data; boundary=part"}) as answer:
            return str(answer.url.removeprefix(self._url))

    def _token(self, path: str) -> str:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(path))
        return found[1] if found else ""

    def _open(self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Any:
        asked = urllib.request.Request(self._url + path, body, headers or {})
        return self._opener.open(asked, timeout=TIMEOUT)


def request(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    """Return a request's bytes; the connection closes after its answer."""
    lines = [f"{method} {path} HTTP/1.1", "Host: mail.shop.test", "Connection: close", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextmanager
def running(settings: Settings, log: Path, **environment: str) -> Iterator[WebServer]:
    """Run the web server on these settings and the machine's own clock."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SMTP_URL": settings.smtp_url,
        "PUBLIC_URL": settings.public_url,
        "SECRET_KEYS": ",".join(f"{key.id}:{key.secret.hex()}" for key in settings.secret_keys),
        "VAR_DIR": str(settings.var_dir),
        **environment,
    }
    with log.open("wb") as out:
        process = subprocess.Popen(serving.command("127.0.0.1", port), cwd=ROOT, env=env, stdout=out, stderr=out)
    try:
        _await(port, process, log)
        yield WebServer(port)
    finally:
        process.terminate()
        process.wait()


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 2 * TIMEOUT
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=TIMEOUT):
            return
        time.sleep(0.1)
    raise TimeoutError(f"the web server does not answer: {log.read_text()[-2000:]}")
