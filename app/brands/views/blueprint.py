"""The room's blueprint."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("brands", __name__, template_folder="../templates")
