"""Sets up a Flask application for the pages of every room: one call from wiring."""

from __future__ import annotations

import hashlib
from typing import Any
from unicodedata import east_asian_width

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

from app.kernel import ids
from app.kernel.services import Services
from app.web import errors, files, guard, language, navigation, shell, views
from app.web.components import announcement, charts, states
from app.web.requests import characters, compression, csrf, masking, security

SESSION_PURPOSE = b"assent session"


def init_app(app: Flask, services: Services) -> None:
    """Prepare cookies, headers, languages, errors, template words and the frame's own pages."""
    keys = [hashlib.sha256(SESSION_PURPOSE + key.secret).digest() for key in services.settings.secret_keys]
    app.config.update(SECRET_KEY=keys[0], SECRET_KEY_FALLBACKS=keys[1:])
    app.request_class = characters.Request
    app.url_map.converters = {**app.url_map.converters, "int": RowId}
    app.jinja_options = {**app.jinja_options, "trim_blocks": True, "lstrip_blocks": True}
    compression.init_app(app)
    masking.init_app(app)
    language.init_app(app)
    security.init_app(app, is_secure=services.settings.is_secure)
    csrf.init_app(app)
    errors.init_app(app)
    announcement.init_app(app, services.settings)
    app.before_request(characters.refuse_odd_paths)
    app.before_request(guard.require_guarded)
    app.before_request(guard.limit_body)
    app.jinja_env.globals.update(
        asset=files.asset,
        navigation=navigation,
        announcement=announcement.current,
        toasts=shell.toasts,
        is_live=shell.is_live,
        state_of=states.state_of,
        attributes=attributes,
        page_language=language.current,
        may_open=guard.allows,
        LANGUAGES=language.LANGUAGES,
    )
    app.jinja_env.filters.update(
        chart_value=charts.say,
        spark_points=charts.spark_points,
        initials=initials,
        anchor=anchor,
        address=shell.address,
        in_percent=in_percent,
    )
    app.register_blueprint(views.bp)


class RowId(IntegerConverter):
    """A number in a path that a row could have; no page is where 0 or a larger one leads."""

    # Not as a bound alone: a number past a bound is no match for one method and still one for another.
    regex = "[1-9][0-9]{0,18}"

    def __init__(self, map: Map, *args: Any, **options: Any) -> None:  # noqa: A002 - as werkzeug calls it
        super().__init__(map, *args, **{"max": ids.LARGEST, **options})


def attributes(*groups: dict[str, Any]) -> dict[str, Any]:
    """Join HTML attributes; underscores in names become dashes, classes add up."""
    joined: dict[str, Any] = {}
    for name, value in (pair for group in groups for pair in group.items()):
        key = "class" if name == "class_" else name.replace("_", "-")
        joined[key] = f"{joined['class']} {value}" if key == "class" and "class" in joined else value
    return joined


def initials(name: str) -> str:
    """Ada Lovelace -> AL, Jürgen Müller -> JM, 王小明 -> 王."""
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    is_wide = east_asian_width(words[0][0]) in "WF"
    return words[0][0] if is_wide else "".join(word[0] for word in words[:2]).upper()


def anchor(url: str) -> str:
    """Return the URL as an HTML id."""
    return "".join(mark if mark.isalnum() else "-" for mark in url).strip("-")


def in_percent(share: float | None) -> str:
    """0.25 -> 25.00, for SVG widths; never outside 0 to 100."""
    return f"{min(max(float(share or 0), 0), 1) * 100:.2f}"
