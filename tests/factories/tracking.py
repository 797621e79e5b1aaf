"""Visitors of tracking links, as WSGI sees them, and websites that report with the tokens their server signs."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.consent import actions
from app.consent.ledger.evidence import Evidence
from app.customers.models import Activity
from app.customers.profiles import people
from app.kernel.database import Database
from app.kernel.services import Services
from app.tracking.hits import spool
from app.tracking.hits.endpoint import Environ, HitEndpoint, StartResponse
from app.tracking.links.cache import LinkCache
from app.tracking.websites import websites
from tests.factories.servers.processes import until

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
ORIGIN = "https://www.shop.example"
TRACKING = ("open_tracking", "click_tracking")


@dataclass(frozen=True)
class Visit:
    """What a visitor got."""

    status: int
    headers: dict[str, str]
    body: bytes


def nothing_behind(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Stand where Flask stands."""
    start_response("200 OK", [])
    return [b"behind"]


def a_hit_endpoint(services: Services, folder: Path) -> HitEndpoint:
    """Return an endpoint that spools into a folder of its own and refreshes its links only when asked to."""
    return HitEndpoint(
        nothing_behind,
        tokens=services.tokens,
        clock=services.clock,
        links=LinkCache(services.database, folder),
        spool=spool.Spool(folder),
    )


def visit(
    endpoint: HitEndpoint,
    path: str,
    *,
    method: str = "GET",
    ip: str = "192.0.2.7",
    agent: str = FIREFOX,
    referer: str = "",
) -> Visit:
    """Request a path."""
    got: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        got.update(status=int(status[:3]), headers=headers)

    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "REMOTE_ADDR": ip,
        "HTTP_USER_AGENT": agent,
        "HTTP_REFERER": referer,
    }
    body = b"".join(endpoint(environ, start_response))
    assert len(dict(got["headers"])) == len(got["headers"]), "no header twice"
    return Visit(got["status"], dict(got["headers"]), body)


def spooled(folder: Path) -> list[spool.Line]:
    """Return every line in the spool."""
    files = spool.list_files(folder)
    chunks = [spool.read(path, 0, until=float("inf"), limit_bytes=10**9) for path in files]
    return [line for chunk in chunks for _, line in chunk.entries]


def a_tracked_customer(
    session: Session,
    workspace_id: int,
    *,
    email: str = "ada@example.com",
    purposes: Sequence[str] = TRACKING,
    now: datetime,
) -> int:
    """Return the id of a customer who allowed these purposes."""
    customer = people.upsert(session, workspace_id, email=email, fields={}, source="test", now=now)
    for purpose in purposes:
        evidence = Evidence(method="web_form", page="http://shop.test/f", address=email)
        actions.grant(session, workspace_id, customer.id, purpose=purpose, evidence=evidence, now=now)
    return customer.id


def a_hit(kind: str, customer_id: int, *, workspace_id: int, at: datetime, **values: Any) -> spool.Line:
    """Return one line of the spool; a lone click of a person unless `values` say otherwise."""
    line = spool.Line(
        kind, at.timestamp(), workspace_id, 500 + customer_id, 1, customer_id, 0, "GET", "192.0.2.0", FIREFOX, ""
    )
    return line._replace(**values)


def spool_up(services: Services, lines: Sequence[spool.Line]) -> None:
    """Write lines as a process that has ended since."""
    writer = spool.Spool(services.settings.spool_dir)
    for line in lines:
        writer.append(line)
    writer.close()


def hits_of(session: Session, workspace_id: int) -> list[tuple[str, str | None]]:
    """Return (name, verdict) of every stored hit, oldest first."""
    query = select(Activity.name, Activity.verdict).where(
        Activity.workspace_id == workspace_id, Activity.name.in_(("clicked", "opened"))
    )
    return [(row.name, row.verdict) for row in session.execute(query.order_by(Activity.at, Activity.id))]


def await_a_waiting_lock(session: Session) -> None:
    """Return once somebody waits for what this transaction holds."""
    ours = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    until(lambda: session.scalar(text(ours)), otherwise=lambda: "nobody waits")


@dataclass(frozen=True)
class SiteForTests:
    """A website with its public key and the secret its server knows."""

    id: int
    public_key: str
    secret: str


def a_website(database: Database, services: Services, workspace_id: int) -> SiteForTests:
    """Add a website that reports from ORIGIN."""
    keys, now = services.settings.secret_keys, services.clock.now()
    with database.transaction(workspace_id) as session:
        made, secret = websites.create(session, workspace_id, [ORIGIN], keys=keys, now=now)
        return SiteForTests(made.id, made.public_key, secret)


def a_jwt(secret: str, *, expires: datetime | None, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """Sign claims as the shop's server does."""
    if expires is not None:
        claims["exp"] = int(expires.timestamp())
    signed = f"{_coded(header or {'alg': 'HS256', 'typ': 'JWT'})}.{_coded(claims)}"
    return f"{signed}.{_text(hmac.new(secret.encode(), signed.encode(), sha256).digest())}"


def _coded(value: dict[str, Any]) -> str:
    return _text(json.dumps(value).encode())


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
