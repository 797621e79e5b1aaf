"""What visitors' browsers load and report: open to everybody, and answered the same whoever is meant."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flask import Response, request
from pydantic import ValidationError

from app.accounts import vault
from app.kernel import networks
from app.kernel.limiter import limiter
from app.kernel.services import services
from app.tracking.views.blueprint import bp
from app.tracking.websites import identities, reports, websites
from app.tracking.websites.identities import Identity
from app.tracking.websites.reports import Outcome, Report
from app.tracking.websites.websites import KnownWebsite
from app.web import guard

_SCRIPT = (Path(websites.__file__).parent / "site.js").read_text()
_PER_NETWORK, _PER_WEBSITE = 240, 12_000
# Of one network for all websites together, also for those that are none.
_FROM_NETWORK = 1_200
_MINUTE = timedelta(minutes=1)


@bp.get("/site.js")
@guard.public("Websites load the script that reports.")
def site_script() -> Response:
    """Give the script; any website may load it, only those with a key may report."""
    headers = {"Cache-Control": "public, max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(_SCRIPT, mimetype="text/javascript", headers=headers)


@bp.post("/site/events")
@guard.public("Visitors' browsers report with the public key of a website, which can write and never read.")
def report_events() -> Response:
    """Take what a browser reports, when its key, origin, size and pace are in order."""
    if (request.content_length or 0) > reports.MOST_BYTES or len(request.get_data()) > reports.MOST_BYTES:
        return _answer(413, "A report holds at most 16 KB.")
    try:
        report = Report.model_validate_json(request.get_data())
    except ValidationError:
        return _answer(422, "The report does not fit: see the documentation of the snippet.")
    # Before the database is asked anything: whoever makes keys up costs no more than this.
    network = networks.network_of(request.remote_addr)
    if not limiter().allow(f"site:{network}", _FROM_NETWORK, _MINUTE):
        return _answer(429, "Too many reports.")
    website = _website(report.key)
    origin = request.headers.get("Origin", "")
    if website is None or origin not in website.origins:
        return _answer(403, "This key may not be used from here.")
    if not _is_paced(website, network):
        return _answer(429, "Too many reports.", origin)
    now = services().clock.now()
    with services().database.transaction(website.workspace_id) as session:
        reports.keep(session, website, report.events, _whom(website, report.identity), now=now)
    return _answer(204, "", origin)


def _website(public_key: str) -> KnownWebsite | None:
    workspace_id = websites.workspace_of(public_key)
    if workspace_id is None:
        return None
    with services().database.transaction(workspace_id) as session:
        return websites.find(session, workspace_id, public_key)


def _is_paced(website: KnownWebsite, network: str) -> bool:
    name, allow = f"site:{website.workspace_id}:{website.id}", limiter().allow
    return allow(f"{name}:{network}", _PER_NETWORK, _MINUTE) and allow(name, _PER_WEBSITE, _MINUTE)


def _whom(website: KnownWebsite, token: str | None) -> Identity | Outcome:
    if token is None:
        return Outcome.ANONYMOUS
    secret = vault.unseal(website.sealed_secret, services().settings.secret_keys)
    return identities.read(token, secret, now=services().clock.now()) or Outcome.BAD_IDENTITY


def _answer(status: int, words: str, origin: str = "") -> Response:
    response = Response(words, status=status, mimetype="text/plain", headers={"Cache-Control": "no-store"})
    if origin:
        response.headers["Access-Control-Allow-Origin"] = origin
    response.vary.add("Origin")
    return response
