"""What every request of a program goes through: its limit, its body, its answer, its refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from flask import Blueprint, Response, g, request
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.api import idempotency, problems
from app.api.idempotency import Asked
from app.customers.timeline import reporting
from app.kernel.limiter import limiter
from app.kernel.refusals import Refusal
from app.kernel.services import services

bp = Blueprint("api", __name__, template_folder="../templates")

PER_MINUTE = 1200
LARGEST = 256 * 1024
Model = TypeVar("Model", bound=BaseModel)


def require_pace() -> None:
    """Count one request of this key; raise TooMany. Open when Redis is away: the key is already proven."""
    key = f"api:{g.machine.workspace_id}:{g.machine.key_id}"
    if not limiter().allow(key, PER_MINUTE, timedelta(minutes=1), fail_open=True):
        raise problems.TooMany


def read(model: type[Model]) -> Model:
    """Return the body as this schema; raise a Refusal or ValidationError."""
    require_pace()
    if request.mimetype != "application/json":
        raise problems.WrongMedia
    if (request.content_length or 0) > LARGEST or len(request.get_data()) > LARGEST:
        raise problems.TooLarge
    return model.model_validate_json(request.get_data())


def answer(body: str | BaseModel, status: int = 200) -> Response:
    """Answer with JSON that nobody caches."""
    text = body if isinstance(body, str) else body.model_dump_json()
    return Response(text, status=status, mimetype="application/json", headers={"Cache-Control": "no-store"})


def once(work: Callable[[Session], BaseModel]) -> Response:
    """Do a write under its key, and answer; a repetition gets the first answer."""
    asked = Asked(request.headers.get("Idempotency-Key"), request.path, request.get_data())
    now = services().clock.now()
    with writing() as session:
        done = idempotency.once(
            session, g.workspace_id, asked, lambda: (201, work(session).model_dump(mode="json")), now=now
        )
    return answer(done.body, done.status)


@contextmanager
def writing() -> Iterator[Session]:
    """Open the transaction in which a program tells something; watched segments follow within seconds."""
    with services().database.transaction(g.workspace_id) as session:
        yield session
        reporting.told(session, g.workspace_id, now=services().clock.now())


@bp.errorhandler(Refusal)
def _refused(refusal: Refusal) -> Response:
    return _problem(problems.of_refusal(refusal))


@bp.errorhandler(ValidationError)
def _invalid(error: ValidationError) -> Response:
    if problems.is_unreadable(error):
        return _problem(problems.of_refusal(problems.Unreadable()))
    return _problem(problems.of_validation(error))


@bp.errorhandler(IntegrityError)
def _contradicted(_error: IntegrityError) -> Response:
    return _problem(problems.of_refusal(problems.Contradiction()))


def _problem(body: dict[str, Any]) -> Response:
    headers = {"Cache-Control": "no-store"}
    if body["status"] == 429:
        headers["Retry-After"] = "5"
    if body["status"] == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(json.dumps(body), status=body["status"], mimetype=problems.MEDIA, headers=headers)
