"""How does the web application come together? Every room's pages, panels and searches, inside one frame."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app.accounts.views import Doorkeeper
from app.kernel import logs
from app.kernel.services import Services, build, install
from app.tracking import intake
from app.web import frame, guard
from app.wiring import hears, hooks, pages


def create_app(services: Services) -> Flask:
    """Return the whole web application on these services."""
    install(services)
    hears.connect()
    hooks.connect()
    pages.connect()
    app = Flask("app", static_folder=None, template_folder=None)
    if services.settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=services.settings.trusted_proxies)  # type: ignore[method-assign]
    frame.init_app(app, services)
    guard.connect(app, Doorkeeper())
    for blueprint in pages.BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def wsgi() -> intake.Intake:
    """Return what the web server calls: tracking answered first, everything else by Flask."""
    logs.configure()
    services = build()
    return intake.in_front_of(create_app(services).wsgi_app, services)
