"""Visitors of tracking links, as WSGI sees them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.kernel.services import Services
from app.tracking import spool
from app.tracking.intake import Environ, Intake, StartResponse
from app.tracking.link_cache import LinkCache

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@dataclass(frozen=True)
class Visit:
    """What a visitor got."""

    status: int
    headers: dict[str, str]
    body: bytes


def nothing_behind(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Stand where Flask stands."""
    start_response("200 OK", [])
    return [b"behind"]


def an_intake(services: Services, folder: Path) -> Intake:
    """Return an intake that spools into a folder of its own and refreshes its links only when asked to."""
    return Intake(
        nothing_behind,
        tokens=services.tokens,
        clock=services.clock,
        links=LinkCache(services.database, folder),
        spool=spool.Spool(folder),
    )


def visit(
    intake: Intake, path: str, *, method: str = "GET", ip: str = "192.0.2.7", agent: str = FIREFOX, referer: str = ""
) -> Visit:
    """Request a path."""
    got: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        got.update(status=int(status[:3]), headers=headers)

    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "REMOTE_ADDR": ip,
        "HTTP_USER_AGENT": agent,
        "HTTP_REFERER": referer,
    }
    body = b"".join(intake(environ, start_response))
    assert len(dict(got["headers"])) == len(got["headers"]), "no header twice"
    return Visit(got["status"], dict(got["headers"]), body)


def spooled(folder: Path) -> list[spool.Line]:
    """Return every line in the spool."""
    files = spool.list_files(folder)
    chunks = [spool.read(path, 0, until=float("inf"), limit_bytes=10**9) for path in files]
    return [line for chunk in chunks for _, line in chunk.entries]
