"""Turns every refusal, missing page and failure into a page."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, abort, g, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from app.kernel import database
from app.kernel.refusals import Refusal
from app.web import guard, shell
from app.web.gateway import gateway
from app.web.requests import conflict_retry
from app.web.requests.characters import split_url

log = structlog.get_logger()
MAX_KEPT_FIELDS = 200


@dataclass(frozen=True)
class Trouble:
    """What the error page says: what is so, why, and what can be done."""

    status: int
    title: str
    text: str
    kept: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


def init_app(app: Flask) -> None:
    """Answer refusals, HTTP errors and crashes in the product's own voice."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(CSRFError, _form_not_trusted)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crashed)
    app.before_request(_refuse_body)


def say(refusal: Refusal) -> str:
    """Translate a refusal's sentence; `message` is its English message id."""
    return str(_(refusal.message, **refusal.values))


def _refuse_body() -> None:
    """Say what the gateway found wrong with the request's body before it came here."""
    if status := request.environ.get(gateway.REFUSED):
        abort(status)


def _refused(refusal: Refusal) -> ResponseReturnValue:
    return _answer(Trouble(refusal.status, _title(refusal.status), say(refusal)))


def _form_not_trusted(_error: CSRFError) -> ResponseReturnValue:
    text = _("This page was open for too long, or you have signed in anew since. Nothing is lost: send it once more.")
    return _answer(Trouble(400, _("Please send this once more"), text, _kept_form()))


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error
    said = [pair for pair in error.get_headers() if pair[0] not in ("Content-Type", "Content-Length")]
    return _answer(Trouble(status, _title(status), _text(status), headers=tuple(said)))


def _crashed(error: Exception) -> ResponseReturnValue:
    if conflict_retry.is_due(error):
        return conflict_retry.answer()
    if database.is_too_long(error) or database.is_away(error):
        log.warning("web.busy", path=request.path, error=type(error).__name__)
        return _answer(Trouble(503, _("Busy at this moment"), _busy(error), _kept_form(), (("Retry-After", "10"),)))
    log.error("web.crashed", path=request.path, exc_info=error)
    return _answer(Trouble(500, _title(500), _text(500)))


def _busy(error: Exception) -> str:
    if database.is_away(error):
        return str(_("The database does not answer. Nothing was changed; try again in a moment."))
    return str(_("Something large is being written, or this took too long. Nothing was changed; try again shortly."))


def _answer(trouble: Trouble) -> ResponseReturnValue:
    answer = make_response(_said(trouble), trouble.status)
    answer.headers.extend(trouble.headers)
    return answer


def _said(trouble: Trouble) -> Response | str:
    if request.path.startswith("/api/"):
        problem = {"type": "about:blank", "title": HTTPStatus(trouble.status).phrase, "status": trouble.status}
        answer = jsonify(problem | {"detail": trouble.text})
        answer.mimetype = "application/problem+json"
        return answer
    if shell.is_live():
        # htmx swaps no 4xx by itself; app.js shows this as a toast and leaves the page as it is.
        return render_template("web/error_toast.html", trouble=trouble)
    return render_template("web/error.html", trouble=trouble, frame=_frame())


def _frame() -> str:
    """Staff keep their navigation; everybody else gets the plain frame."""
    mark = g.get("guard")
    if mark is not None and mark.kind in ("public", "token"):
        return "web/public.html"
    try:
        identity = guard.identify()
    except Exception:  # noqa: BLE001 - the database may be the very thing that failed
        identity = None
    return "web/shell.html" if identity and identity.workspace else "web/public.html"


def _kept_form() -> tuple[tuple[str, str], ...]:
    """Return the form's fields for sending again, only when it came from one of our own pages."""
    origin = request.headers.get("Origin") or request.referrer or ""
    if request.files or split_url(origin).netloc != request.host:
        return ()
    fields = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    secret = any("password" in name for name, _value in fields)
    return () if secret or len(fields) > MAX_KEPT_FIELDS else tuple(fields)


def _title(status: int) -> str:
    titles: dict[int, Any] = {
        400: _("This request could not be read"),
        401: _("Please sign in"),
        403: _("This is not open to you"),
        404: _("There is nothing here"),
        405: _("This page cannot be used that way"),
        408: _("This came too slowly"),
        409: _("This cannot be done"),
        410: _("This is over"),
        413: _("This file is too large"),
        429: _("A little too fast"),
        500: _("Something went wrong on our side"),
        503: _("Not available for a moment"),
    }
    return str(titles.get(status) or _("This cannot be done"))


def _text(status: int) -> str:
    texts: dict[int, Any] = {
        400: _("Part of it is missing or garbled. Go back, reload the page and try again."),
        403: _("Your role in this workspace does not allow this. An owner can change it under Settings."),
        404: _("The page may have been moved or removed, or the link was cut off when it was copied."),
        405: _("Go back and use the buttons of the page."),
        408: _("The connection was too slow to send all of it in time. Go back and try again."),
        413: _("Choose a smaller file, or split it in two."),
        429: _("Wait a minute, then try again."),
        500: _("It has been written down. Nothing you did is half done; try again in a moment."),
        503: _("Part of the service is not answering. Try again in a moment."),
    }
    return str(texts.get(status) or _("Go back and try again."))
