"""Answers a request once more when the database ended its transaction for a conflict."""

from __future__ import annotations

import structlog
from flask import current_app, g, request
from flask.typing import ResponseReturnValue

from app.kernel import database

log = structlog.get_logger()
# What visitors and programs send may come twice anyway: links act once, writes carry a key, sign-ups are counted.
_REPEATABLE = ("public", "token", "api_key")


def is_due(error: Exception) -> bool:
    """Say whether this request kept nothing and may be answered twice. A file sent with it has been read already."""
    mark = g.get("guard")
    return (
        database.is_collision(error)
        and not g.get("is_second_try")
        and mark is not None
        and mark.kind in _REPEATABLE
        and not request.files
    )


def answer() -> ResponseReturnValue:
    """Answer the request anew; what goes wrong now is told as usual."""
    g.is_second_try = True
    log.info("web.tried_again", path=request.path)
    try:
        return current_app.dispatch_request()
    except Exception as trouble:  # noqa: BLE001 - every handler is asked, as Flask does for a first try
        return current_app.handle_user_exception(trouble)
