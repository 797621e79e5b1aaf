"""A whole house in one process: real database, queue, web pages, tracking and SMTP, moved on by hand."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from redis import Redis
from rq import Queue
from sqlalchemy import text
from werkzeug.test import Client, TestResponse

from app.kernel.clock import FixedClock
from app.kernel.queueing import jobs, queue, relay
from app.kernel.services import Services, build, install
from app.kernel.settings import Settings
from app.tracking.hits import endpoint, ingest
from app.wiring import pages
from app.wiring.application import create_app

READER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_ROUNDS = 500


class Mailbox:
    """Everybody's mailbox: keeps each mail as it came over SMTP."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, EmailMessage]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        mail = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append((envelope.rcpt_tos[0], mail))
        return "250 2.0.0 Ok"

    def of(self, address: str) -> list[EmailMessage]:
        """The mails that came for this address, in order."""
        return [mail for to, mail in self.mails if to == address]


@dataclass
class House:
    """One installation and the world outside it."""

    services: Services
    clock: FixedClock
    browser: Client
    mailbox: Mailbox
    redis: Redis

    def settle(self) -> None:
        """Ship what was clicked and run every job that is due, as relay and workers would, until nothing is left."""
        for _ in range(_ROUNDS):
            ingest.ship(self.services)
            relay.hand_over_due(self.services, self.redis)
            row_ids = []
            for name in jobs.QUEUES:
                waiting = Queue(name, connection=self.redis)
                row_ids += [job.args[0] for job in waiting.jobs]
                waiting.empty()
            if not row_ids:
                return
            for row_id in row_ids:
                queue.run_with(self.services, row_id)
        raise AssertionError("the house does not settle: some job asks for itself without end")

    def get(self, url: str, **headers: str) -> TestResponse:
        """Open a link as a person's browser does."""
        return self.browser.get(_path(url), headers={"User-Agent": READER} | headers)

    def post(self, url: str, data: dict[str, str] | None = None, **headers: str) -> TestResponse:
        return self.browser.post(_path(url), data=data or {}, headers={"User-Agent": READER} | headers)

    def failed_jobs(self) -> list[str]:
        """The errors of jobs that did not end well."""
        with self.services.database.transaction() as session:
            return list(session.scalars(text("SELECT name || ': ' || error FROM outbox WHERE error IS NOT NULL")))


@contextmanager
def a_house(settings: Settings, clock: FixedClock, folder: Path) -> Iterator[House]:
    """Open a house whose outbox and queue are empty."""
    mailbox = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    post = Controller(mailbox, hostname="127.0.0.1", port=port)
    post.start()
    given = replace(settings, smtp_url=f"smtp://127.0.0.1:{port}?tls=none", spool_dir=folder / "spool")
    services = install(build(pages.build_extensions(), given, clock=clock))
    app = create_app(services)
    app.config.update(TESTING=True)
    redis = queue.connect(given.redis_url)
    redis.flushdb()
    with services.database.transaction() as session:
        session.execute(text("DELETE FROM outbox"))
    front = endpoint.in_front_of(app.wsgi_app, services)
    try:
        yield House(services, clock, Client(front, use_cookies=False), mailbox, redis)
    finally:
        front.stop()
        post.stop()
        services.database.dispose()


def links_of(mail: EmailMessage, kind: str = "html") -> list[str]:
    """Every address a mail names, in order."""
    part = mail.get_body((kind,))
    assert part is not None
    found = re.findall(r'https?://[^\s"<>)]+', part.get_content())
    return [url.replace("&amp;", "&") for url in found]


def link_to(mail: EmailMessage, beginning: str) -> str:
    """The first address of a mail whose path begins so."""
    return next(url for url in links_of(mail) if urlsplit(url).path.startswith(beginning))


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
