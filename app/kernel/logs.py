"""Structured logs on standard error: an event name and ids, never an address and nothing that anybody wrote.

Every process calls `configure` before anything else; a law sees to it. Tracebacks show where, not with which values:
structlog's own would print every local variable.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import traceback
from types import TracebackType

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

_ADDRESS = re.compile(r"[^\s@<>\"'(),;:=]{1,64}@[^\s@<>\"'(),;:]{1,255}")
_MOST_CHARS = 500
_MOST_CAUSES = 5
_Raised = tuple[type[BaseException], BaseException, TracebackType | None]


def configure(*, as_json: bool | None = None) -> None:
    """Send structlog and the standard library's loggers through one renderer; LOG_FORMAT chooses unless told here."""
    if as_json is None:
        as_json = os.environ.get("LOG_FORMAT") == "json"
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.ExceptionRenderer(told),
                renderer,
            ],
            foreign_pre_chain=shared,
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for noisy in ("rq.worker", "rq.scheduler", "sqlalchemy", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # The mail server's own log repeats what peers say.
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    sys.excepthook = _say_uncaught
    threading.excepthook = lambda died: _say_uncaught(died.exc_type, died.exc_value, died.exc_traceback)


def told(exc_info: _Raised) -> str:
    """Return an exception's causes, each with its kind, what may be repeated of its words, and where it was raised."""
    lines: list[str] = []
    error: BaseException | None = exc_info[1]
    for _ in range(_MOST_CAUSES):
        if error is None:
            break
        lines += [f"{type(error).__name__}: {_words(error)}".rstrip(": ")]
        lines += [
            f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
        ]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(lines)


def _words(error: BaseException) -> str:
    """What an exception says, without addresses. Of the database's words the first only: its details quote rows."""
    said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    if isinstance(said, psycopg.Error):
        words = f"{said.sqlstate or ''} {said.diag.message_primary or str(said).partition(chr(10))[0]}"
    else:
        words = str(said)
    return _ADDRESS.sub("...@...", " ".join(words.split()))[:_MOST_CHARS]


def _say_uncaught(kind: type[BaseException], error: BaseException | None, where: TracebackType | None) -> None:
    if error is not None and not issubclass(kind, KeyboardInterrupt | SystemExit):
        sys.stderr.write(f"{told((kind, error, where))}\n")
