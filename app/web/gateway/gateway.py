"""The RSGI application in front of Flask: hits at once, everything else whole, within limits, on bounded threads.

Visitors' pages have threads of their own, so that whatever staff and programs ask for keeps nobody from leaving.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol

import structlog

from app.web.gateway import bodies, environ, sockets, streams
from app.web.gateway.bodies import BodyRefused, Disconnected
from app.web.gateway.environ import Environ, Scope
from app.web.gateway.exchange import Exchange, Started, WsgiApp
from app.web.gateway.threads import AllBusy, Threads

log = structlog.get_logger()

HITS = "/t/"
# Set in the environment of a request whose body was refused: the status the application answers with.
REFUSED = "assent.refused"
_HIT_THREADS = 2
_TIMEOUT = 20.0
_BUSY_HEADERS = [("Retry-After", "30"), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<title>{0}</title><body><p>{0}</p><p lang="zh">{1}</p></body></html>'
)
_BUSY_PAGE = _PAGE.format("Too many requests at this moment. Try again in a minute.", "当前请求过多，请一分钟后再试。")
_FAILED_PAGE = _PAGE.format("This went wrong on our side. Try again in a moment.", "系统出错，请稍后再试。")
_BUSY_PROBLEM = '{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"Busy; try again."}'


class Hits(Protocol):
    """What answers tracking paths; WSGI, with a way to do it on the event loop."""

    def __call__(self, environ: Environ, start_response: Any, /) -> Iterable[bytes]: ...

    def at_once(self, environ: Environ, start_response: Any) -> Iterable[bytes] | None:
        """Answer without waiting for anything, or return None."""


@dataclass(frozen=True)
class Reach:
    """Who answers a request, and how large it may be."""

    is_for_visitors: bool
    most_bytes: int


@dataclass(frozen=True)
class Rules:
    """What the gateway asks about a request before its body is read."""

    reach: Callable[[str, str], Reach]
    """By method and path."""
    may_send_much: Callable[[Environ], bool]
    """May who sends these headers send more than a small form? Called on a thread."""


class Gateway:
    """`hits` answers what begins with /t/, `app` everything else; both are WSGI."""

    def __init__(
        self, app: WsgiApp, hits: Hits, rules: Rules, *, threads: int, body_seconds: float = bodies.SECONDS
    ) -> None:
        self._app = app
        self._hits = hits
        self._rules = rules
        self._body_seconds = body_seconds
        for_visitors = max(1, threads // 3)
        self._visitors = Threads("visitors", for_visitors, timeout=_TIMEOUT)
        self._members = Threads("members", max(1, threads - for_visitors), timeout=_TIMEOUT)
        self._late_hits = Threads("hits", _HIT_THREADS, timeout=_TIMEOUT)

    def __rsgi_init__(self, _loop: asyncio.AbstractEventLoop) -> None:
        sockets.let_go_of_the_silent()

    async def __rsgi__(self, scope: Scope, protocol: Any) -> None:
        path = scope.path
        try:
            if path.startswith(HITS):
                # The hot path: what costs a microsecond here is paid by every click.
                headers = scope.headers.get
                given: Environ = {
                    "REQUEST_METHOD": scope.method,
                    "PATH_INFO": path,
                    "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
                    "HTTP_USER_AGENT": headers("user-agent") or "",
                    "HTTP_REFERER": headers("referer") or "",
                    "HTTP_X_FORWARDED_FOR": headers("x-forwarded-for") or "",
                }
                started = Started()
                body = self._hits.at_once(given, started)
                if body is None:
                    body = await self._late_hits.run(self._hits, given, started)
                protocol.response_bytes(started.status, started.headers, b"".join(body))
            else:
                await self._page(scope, protocol)
        except AllBusy:
            _say_busy(scope, protocol)
        except (Disconnected, streams.ReaderStopped):
            pass
        except Exception as error:
            log.error("web.request_failed", path=scope.path, exc_info=error)
            protocol.response_str(500, [("Content-Type", "text/html; charset=utf-8")], _FAILED_PAGE)

    async def _page(self, scope: Scope, protocol: Any) -> None:
        given = environ.of(scope)
        reach = self._rules.reach(scope.method, scope.path)
        threads = self._visitors if reach.is_for_visitors else self._members
        announced = environ.announced_bytes(scope.headers)
        given["wsgi.input"], given["CONTENT_LENGTH"] = BytesIO(), "0"
        if announced != 0:
            await self._take_body(given, announced, protocol, reach.most_bytes)
        await _answer(Exchange(self._app, given), protocol, threads)

    async def _take_body(self, given: Environ, announced: int | None, protocol: Any, limit: int) -> None:
        async def may_send_much() -> bool:
            return await self._members.run(self._rules.may_send_much, dict(given))

        try:
            body, length = await bodies.read(
                protocol, announced, limit=limit, may_send_much=may_send_much, seconds=self._body_seconds
            )
        except BodyRefused as refused:
            given[REFUSED] = refused.status
        else:
            given["wsgi.input"], given["CONTENT_LENGTH"] = body, str(length)


async def _answer(exchange: Exchange, protocol: Any, threads: Threads) -> None:
    try:
        first = await threads.run(exchange.begin)
        started = exchange.started
        if exchange.file_path is not None:
            protocol.response_file(started.status, started.headers, exchange.file_path)
        elif exchange.is_over:
            protocol.response_bytes(started.status, started.headers, first)
        else:
            await streams.copy(exchange, first, protocol, threads)
    finally:
        if not exchange.is_over:
            await threads.run(exchange.close)


def _say_busy(scope: Scope, protocol: Any) -> None:
    is_program = scope.path.startswith("/api/")
    kind = "application/problem+json" if is_program else "text/html; charset=utf-8"
    body = _BUSY_PROBLEM if is_program else _BUSY_PAGE
    protocol.response_str(503, [("Content-Type", kind), *_BUSY_HEADERS], body)
