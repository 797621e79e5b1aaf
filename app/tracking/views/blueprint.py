"""The blueprint of tracking."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("tracking", __name__, template_folder="../templates")
