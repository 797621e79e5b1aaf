"""Builds the web application: every room's pages, panels and searches inside one frame."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app.accounts.views import RequestAuthenticator
from app.kernel import logs
from app.kernel.database import Limits
from app.kernel.services import Services, build, install
from app.tracking.hits import endpoint
from app.web import frame, guard
from app.web.gateway.gateway import Gateway, Rules
from app.wiring import pages

# Somebody waits for the page; what takes longer belongs into a job, and who waits for a lock does so holding a thread.
LIMITS = Limits(lock=timedelta(seconds=5), statement=timedelta(seconds=20))


def create_app(services: Services) -> Flask:
    """Return the whole web application on these services, whose extensions are those of `pages`."""
    install(services)
    app = Flask("app", static_folder=None, template_folder=None)
    if services.settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=services.settings.trusted_proxies)  # type: ignore[method-assign]
    frame.init_app(app, services)
    guard.connect(app, RequestAuthenticator())
    for blueprint in pages.BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def rsgi() -> Gateway:
    """Return what the web server calls: tracking answered at once, everything else by Flask on a thread."""
    logs.configure()
    services = build(pages.build_extensions(), limits=LIMITS)
    app = create_app(services)
    hits = endpoint.in_front_of(app.wsgi_app, services)
    rules = Rules(reach=partial(guard.reach, app), may_send_much=partial(guard.knows, app))
    return Gateway(app, hits, rules, threads=services.settings.web_threads)
