"""CSRF protection of forms, asked by the guards so that token links and programs are exempt."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app, request
from flask_wtf.csrf import CSRFProtect

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def init_app(app: Flask) -> None:
    """Use Flask-WTF's tokens, tied to the session rather than to the hour, checked only when a guard asks."""
    app.config.setdefault("WTF_CSRF_CHECK_DEFAULT", False)
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)
    app.config.setdefault("WTF_CSRF_SSL_STRICT", False)
    CSRFProtect(app)


def check() -> None:
    """Raise flask_wtf's CSRFError unless this request is safe or carries the token of its session."""
    if request.method not in SAFE_METHODS and current_app.config.get("WTF_CSRF_ENABLED", True):
        cast(CSRFProtect, current_app.extensions["csrf"]).protect()
