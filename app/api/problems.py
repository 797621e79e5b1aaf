"""Problem details with a pointer to each field (RFC 9457, RFC 6901), made from refusals and validation errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pydantic import ValidationError

from app.kernel.refusals import Refusal
from app.kernel.translatable import english

MEDIA = "application/problem+json"


class Unreadable(Refusal):
    """The body is no JSON document."""

    status = 400
    message = english("The body is not valid JSON.")


class WrongMedia(Refusal):
    """The body is something else than JSON."""

    status = 415
    message = english("Send the body as application/json.")


class TooLarge(Refusal):
    """The body is larger than any request needs to be."""

    status = 413
    message = english("The body is larger than 256 KB.")


class TooMany(Refusal):
    """The program asks faster than it may."""

    status = 429
    message = english("Too many requests. Wait a moment and go on more slowly.")


class Contradiction(Refusal):
    """Two requests wanted the same thing at the same time, or a value that belongs to somebody else."""

    message = english("Another request changed the same thing. Read it again, then try once more.")


def of_refusal(refusal: Refusal) -> dict[str, Any]:
    """Return the problem a refusal is, in English: programs are read by programmers."""
    detail = str(refusal)
    errors = [{"pointer": _pointer(refusal.field.split(".")), "detail": detail}] if refusal.field else []
    return _problem(refusal.status, detail, errors)


def of_validation(error: ValidationError) -> dict[str, Any]:
    """Return the problem of a body that does not fit its schema."""
    errors = [
        {"pointer": _pointer(_place(each["loc"])), "detail": each["msg"].removeprefix("Value error, ")}
        for each in error.errors(include_url=False, include_input=False, include_context=False)[:50]
    ]
    return _problem(422, "The body does not fit the schema.", errors)


def is_unreadable(error: ValidationError) -> bool:
    """Say whether the body was no JSON at all."""
    return any(each["type"] == "json_invalid" for each in error.errors(include_url=False, include_input=False))


def _problem(status: int, detail: str, errors: list[dict[str, str]]) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status, "detail": detail, "errors": errors}


def _pointer(parts: list[str]) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def _place(loc: tuple[int | str, ...]) -> list[str]:
    """Leave out what names a branch of a union rather than a place in the body."""
    branches = {"bool", "int", "float", "str", "constrained-str", "none"}
    return [str(part) for part in loc if not (isinstance(part, str) and (part in branches or "[" in part))]
