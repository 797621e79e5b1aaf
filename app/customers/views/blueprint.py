"""The room's blueprint."""

from __future__ import annotations

from flask import Blueprint, request

from app.customers.imports import files

bp = Blueprint("customers", __name__, template_folder="../templates")
# The form around a file is small.
LARGEST_UPLOAD = files.LARGEST + files.PIECE


@bp.before_request
def allow_large_files() -> None:
    """Let the upload page, and only it, take more than other pages do."""
    if request.endpoint == "customers.upload":
        request.max_content_length = LARGEST_UPLOAD
