"""One request's call of the WSGI application: its status and headers, and its body as far as wanted at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from typing import Any

from app.web.gateway.environ import Environ, FileWrapper

WsgiApp = Callable[[Environ, Any], Iterable[bytes]]
# Up to here an answer is sent as one; what is longer or takes longer is sent piece by piece.
_WHOLE_BYTES = 1024 * 1024
_WHOLE_SECONDS = 1.0
_PIECE_BYTES = 128 * 1024
_PIECE_SECONDS = 0.5


class Started:
    """WSGI's `start_response`: keeps what it is told."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[tuple[str, str]] = []

    def __call__(self, status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> None:
        self.status = int(status.split(" ", 1)[0])
        self.headers = headers


class Exchange:
    """May be worked on by several threads, one after the other; the application sees one context throughout."""

    def __init__(self, app: WsgiApp, environ: Environ) -> None:
        self.started = Started()
        self.file_path: str | None = None
        self.is_over = False
        self._app = app
        self._environ = environ
        self._context = copy_context()
        self._body: Iterable[bytes] = ()
        self._pieces: Iterator[bytes] = iter(())

    def begin(self) -> bytes:
        """Call the application; return its answer if that is soon whole, else its beginning."""
        return self._context.run(self._begin)

    def go_on(self) -> bytes:
        """Return the next piece."""
        return self._context.run(self._take, _PIECE_BYTES, _PIECE_SECONDS)

    def close(self) -> None:
        """Let the application tidy up: once, whether the answer was taken to its end or not."""
        self._context.run(self._end)

    def _begin(self) -> bytes:
        self._body = self._app(self._environ, self.started)
        if isinstance(self._body, FileWrapper):
            self.file_path = self._body.path
            self._end()
            return b""
        self._pieces = iter(self._body)
        return self._take(_WHOLE_BYTES, _WHOLE_SECONDS)

    def _take(self, most_bytes: int, most_seconds: float) -> bytes:
        until, taken, length = time.monotonic() + most_seconds, [], 0
        try:
            while length < most_bytes and time.monotonic() < until:
                piece = next(self._pieces, None)
                if piece is None:
                    self._end()
                    break
                taken.append(piece)
                length += len(piece)
        except BaseException:
            self._end()
            raise
        return b"".join(taken)

    def _end(self) -> None:
        body, self._body, self.is_over = self._body, (), True
        if hasattr(body, "close"):
            body.close()
