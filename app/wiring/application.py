"""How does the web application come together? Every room's pages, panels and searches, inside one frame."""

from __future__ import annotations

import importlib
import importlib.util
import os

from flask import Flask

from app.accounts.views import Doorkeeper
from app.kernel import logs
from app.kernel.services import Services, build, install
from app.tracking import intake
from app.web import frame, guard, navigation, panels
from app.wiring import health, hears, hooks

ROOMS = ("accounts", "customers", "consent", "segments", "insight", "tracking", "delivery", "cadence", "campaigns", "journeys", "api")


def create_app(services: Services) -> Flask:
    """Return the whole web application on these services."""
    install(services)
    hears.connect()
    hooks.connect()
    app = Flask("app", static_folder=None, template_folder=None)
    frame.init_app(app, services)
    guard.connect(app, Doorkeeper())
    app.register_blueprint(health.bp)
    for room in ROOMS:
        if importlib.util.find_spec(f"app.{room}") and importlib.util.find_spec(f"app.{room}.views"):
            views = importlib.import_module(f"app.{room}.views")
            app.register_blueprint(views.bp)
            for slot in ("home", "customer", "settings"):
                draw = getattr(views, f"{slot}_panel", None)
                if draw:
                    panels.register(slot, 50, draw)
            if hasattr(views, "search"):
                navigation.register_search(views.search)
    return app


def wsgi() -> intake.Intake:
    """Return what the web server calls: tracking answered first, everything else by Flask."""
    logs.configure(as_json=os.environ.get("LOG_FORMAT") == "json")
    services = build()
    return intake.in_front_of(create_app(services).wsgi_app, services)
