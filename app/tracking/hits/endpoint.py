"""The tracking endpoint: a bare WSGI callable before Flask that verifies a token, appends one line and answers.

    /t/c/<token>/<n>     a click on link n of the message the token names
    /t/o/<token>.gif     the image of a message was fetched

GET and HEAD are answered alike and change nothing but the spool. A hit is kept raw; who made it is judged later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from sqlite3 import Error as SqliteError
from typing import Any

import structlog
from sqlalchemy import exc

from app.kernel import networks
from app.kernel.clock import Clock
from app.kernel.services import Services
from app.kernel.tokens import BadToken, TokenExpired, Tokens
from app.tracking.hits import responses
from app.tracking.hits.spool import Line, Spool
from app.tracking.links.cache import LinkCache, NotInMemory
from app.tracking.tokens import ClickToken, OpenToken

log = structlog.get_logger()

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]
Find = Callable[[int, int, int], tuple[int, str] | None]

_CLICK, _OPEN = "/t/c/", "/t/o/"
_AGENT_CHARS = 300
_REFERER_CHARS = 120


class HitEndpoint:
    """Answers tracking paths itself and passes everything else on."""

    def __init__(
        self, behind: WsgiApp, *, tokens: Tokens, clock: Clock, links: LinkCache, spool: Spool, trusted_proxies: int = 0
    ) -> None:
        self._behind = behind
        self._tokens = tokens
        self._clock = clock
        self._links = links
        self._spool = spool
        self._trusted_proxies = trusted_proxies

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if not path.startswith("/t/"):
            return self._behind(environ, start_response)
        return _say(self._answer(path, environ, self._links.find), environ, start_response)

    def at_once(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes] | None:
        """Answer a tracking path from memory alone; None when a file or the database would have to be asked."""
        try:
            answer = self._answer(environ["PATH_INFO"], environ, self._links.recall)
        except NotInMemory:
            return None
        return _say(answer, environ, start_response)

    def stop(self) -> None:
        """End the fetching of new links."""
        self._links.stop()

    def _answer(self, path: str, environ: Environ, find: Find) -> responses.Answer:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return responses.NOT_ALLOWED
        try:
            if path.startswith(_CLICK):
                return self._click(path[len(_CLICK) :], environ, find)
            if path.startswith(_OPEN) and path.endswith(".gif"):
                return self._open(path[len(_OPEN) : -len(".gif")], environ)
        except (BadToken, TokenExpired):
            return responses.NOT_FOUND
        except (exc.SQLAlchemyError, SqliteError) as error:
            log.warning("tracking.link_not_found_in_time", error=type(error).__name__)
            return responses.TRY_AGAIN
        return responses.NOT_FOUND

    def _click(self, rest: str, environ: Environ, find: Find) -> responses.Answer:
        token, _, number = rest.partition("/")
        now = self._clock.now()
        said = ClickToken.decode(self._tokens, token, now=now)
        if not number.isascii() or not number.isdigit() or len(number) > 4:
            return responses.NOT_FOUND
        target = find(said.workspace_id, said.send_id, int(number))
        if target is None:
            return responses.NOT_FOUND
        link_id, url = target
        self._keep("click", said, link_id, now.timestamp(), environ)
        return responses.redirect(url)

    def _open(self, token: str, environ: Environ) -> responses.Answer:
        now = self._clock.now()
        said = OpenToken.decode(self._tokens, token, now=now)
        self._keep("open", said, 0, now.timestamp(), environ)
        return responses.IMAGE

    def _keep(self, kind: str, said: ClickToken | OpenToken, link_id: int, at: float, environ: Environ) -> None:
        workspace_id, message_id, send_id, customer_id = said
        method: str = environ["REQUEST_METHOD"]
        ip = networks.truncated(self._address(environ))
        agent = environ.get("HTTP_USER_AGENT", "").replace("\0", "")[:_AGENT_CHARS]
        referer = origin(environ.get("HTTP_REFERER", ""))
        line = Line(kind, at, workspace_id, message_id, send_id, customer_id, link_id, method, ip, agent, referer)
        try:
            self._spool.append(line)
        except OSError as error:
            # The visitor gets the page all the same; only our count is poorer.
            log.error("tracking.hit_not_spooled", error=str(error))

    def _address(self, environ: Environ) -> str:
        if self._trusted_proxies:
            hops = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
            if len(hops) >= self._trusted_proxies:
                return str(hops[-self._trusted_proxies]).strip()
        return str(environ.get("REMOTE_ADDR", ""))


def _say(answer: responses.Answer, environ: Environ, start_response: StartResponse) -> list[bytes]:
    start_response(answer.status, list(answer.headers))
    return [b""] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]


def in_front_of(behind: WsgiApp, services: Services) -> HitEndpoint:
    """Return the application with the tracking paths answered first, and begin to fetch new links."""
    cache = LinkCache(services.database, services.settings.spool_dir)
    cache.start()
    return HitEndpoint(
        behind,
        tokens=services.tokens,
        clock=services.clock,
        links=cache,
        spool=Spool(services.settings.spool_dir),
        trusted_proxies=services.settings.trusted_proxies,
    )


@lru_cache(maxsize=2048)
def origin(referer: str) -> str:
    """Return scheme and host of the page a visitor came from, nothing of its path."""
    return "/".join(referer.replace("\0", "").split("/", 3)[:3])[:_REFERER_CHARS]
