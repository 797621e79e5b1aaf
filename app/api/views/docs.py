"""What the API says about itself: the document for programs, the page for people."""

from __future__ import annotations

from flask import Response, g, jsonify
from flask.typing import ResponseReturnValue

from app.api.v1 import openapi
from app.api.v1.operations import OPERATIONS
from app.api.views.blueprint import PER_MINUTE, bp
from app.kernel.services import services
from app.web import guard, shell


@bp.get("/api/v1/openapi.json")
@guard.public("The description of the API holds nothing private.")
def openapi_document() -> Response:
    """Give the OpenAPI document."""
    return jsonify(openapi.document(services().settings.public_url))


@bp.get("/api/v1/docs")
@guard.role("viewer")
def show_docs() -> ResponseReturnValue:
    """Explain the API to staff."""
    document = openapi.document(services().settings.public_url)
    return shell.page(
        "api/docs.html",
        operations=OPERATIONS,
        schemas=document["components"]["schemas"],
        public_url=services().settings.public_url,
        per_minute=PER_MINUTE,
        is_owner=g.role == "owner",
    )
