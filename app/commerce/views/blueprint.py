"""The room's blueprint."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("commerce", __name__, template_folder="../templates")
