"""The OpenAPI 3.1 document, generated from the schemas that check what comes in."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from app.api import idempotency
from app.api.v1 import schemas
from app.api.v1.operations import OPERATIONS, Operation

_REF = "#/components/schemas/{model}"
_PICTURE = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}, "alt": {"type": "string", "maxLength": 300}},
}
_WORDS = {
    200: "As it is on record.",
    201: "On record.",
    400: "The request could not be read, or a POST came without its Idempotency-Key.",
    401: "There is no valid API key.",
    404: "There is no such thing.",
    409: "It contradicts what is on record, or another request changed the same thing meanwhile.",
    413: "The body is larger than 256 KB, or a picture than 10 MB.",
    415: "The body is not of the media type that is documented.",
    422: "A field cannot be used, or the Idempotency-Key belongs to another request.",
    429: "Too many requests. Wait as long as Retry-After says.",
    503: "Busy at this moment. Nothing was changed; wait as long as Retry-After says.",
}


@cache
def document(public_url: str) -> dict[str, Any]:
    """Return the document for an installation at this address."""
    models = {model for operation in OPERATIONS for model in (operation.takes, *operation.answers.values()) if model}
    ordered = sorted(models | {schemas.Problem}, key=lambda model: model.__name__)
    modes: list[Any] = [(model, "serialization" if _is_answer(model) else "validation") for model in ordered]
    _, defined = models_json_schema(modes, ref_template=_REF)
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Assent API", "version": "1", "description": "Customers, products, orders and events."},
        "servers": [{"url": public_url}],
        "security": [{"apiKey": []}],
        "paths": paths,
        "components": {
            "schemas": defined["$defs"],
            "securitySchemes": {"apiKey": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    responses = {str(status): _answer(status, model.__name__) for status, model in operation.answers.items()}
    has_body = operation.takes or operation.takes_picture
    always = (400, 401, 413, 415, 429, 503) if has_body else (400, 401, 429, 503)
    for status in sorted({*always, *operation.refusals}):
        responses[str(status)] = _answer(status, "Problem", "application/problem+json")
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": operation.description,
        "parameters": _parameters(operation),
        "responses": responses,
    }
    if operation.takes:
        schema = {"$ref": _REF.format(model=operation.takes.__name__)}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if operation.takes_picture:
        described["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": _PICTURE}}}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in re.findall(r"\{(\w+)\}", operation.path):
        number = {"type": "integer", "minimum": 1, "maximum": 2**53}
        found.append({"name": name, "in": "path", "required": True, "schema": number})
    for name in operation.finds_by:
        text = {"type": "string", "minLength": 1, "maxLength": 254}
        found.append({"name": name, "in": "query", "required": False, "schema": text})
    if operation.is_idempotent_by_key:
        key = {"type": "string", "pattern": idempotency.SHAPE}
        found.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": key})
    return found


def _answer(status: int, model: str, media: str = "application/json") -> dict[str, Any]:
    return {"description": _WORDS[status], "content": {media: {"schema": {"$ref": _REF.format(model=model)}}}}


def _is_answer(model: Any) -> bool:
    return not issubclass(model, schemas.Sent)
