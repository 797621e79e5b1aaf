"""The room's blueprint."""

from __future__ import annotations

from flask import Blueprint, request

bp = Blueprint("segments", __name__, template_folder="../templates")
# A rule of two hundred conditions, or one that lists ten thousand addresses.
LARGEST_FORM = 2 * 1024 * 1024


@bp.before_request
def allow_small_forms() -> None:
    """Refuse what no builder sends before it is read."""
    request.max_content_length = request.max_form_memory_size = LARGEST_FORM
