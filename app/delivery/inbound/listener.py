"""The server for incoming mail: bounces, complaints and replies, routed by the token in their recipient's address.

`b+<token>@` is the return path of one message (VERP), `r+<token>@` its reply address; mail to the plain address of a
sending identity is known by what it gives back or answers. Only the return path is known to nobody but the message's
own way, so only a report that comes to it, gives it back, or was signed by a known provider is believed. Every mail is
answered for good, with 250 or a refusal that says why; only where our database is away does it stay with the peer.
"""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog
from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import Envelope as Incoming
from aiosmtpd.smtp import Session as Dialogue
from sqlalchemy import exc

from app.accounts.identities import identities
from app.delivery.inbound import handlers, parsed_mail
from app.delivery.inbound.mail_parts import Unreadable
from app.delivery.inbound.parsed_mail import Received
from app.delivery.inbound.smtp_server import Connections, Server
from app.delivery.tokens import AboutMessage, BounceToken, MessageToken, ReplyToken
from app.kernel.services import Services
from app.kernel.tokens import TOKEN_CHARS, BadToken, TokenExpired
from app.tracking.replies import replies

log = structlog.get_logger()
MOST_RECIPIENTS = 20
# How many mails are read and written down at once; the others wait, and new connections go on being answered.
_HANDS = 4
_MOST_NAMED = 20_000
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_CHARS}}}")
# What passes by itself: the mail comes again. Everything else would fail the same way each time.
_PASSING = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError, OSError, MemoryError)
_NOT_NOW = "451 4.3.0 Try again later"
_NO_SUCH_MAILBOX = "550 5.1.1 There is no such mailbox here"


@dataclass(frozen=True, slots=True)
class Route:
    """What a mail to one of our addresses is, and about which message (None: not known yet).

    `is_secret` says that the address stood nowhere but in the message itself.
    """

    kind: str
    about: AboutMessage | None
    is_secret: bool = True


class InboundServer:
    """What the server asks at each step; every answer is given only after it has been written down."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle_RCPT(
        self, _server: SMTP, _dialogue: Dialogue, envelope: Incoming, address: str, _options: list[str]
    ) -> str:
        try:
            route = self.route(address) or await asyncio.to_thread(self._plain, address)
        except _PASSING as error:
            return _not_now(error)
        if route is None:
            return _NO_SUCH_MAILBOX
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server: SMTP, _dialogue: Dialogue, envelope: Incoming) -> str:
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        try:
            return await asyncio.to_thread(self.take, list(dict.fromkeys(envelope.rcpt_tos)), raw)
        except _PASSING as error:
            return _not_now(error)
        except Exception as error:  # noqa: BLE001 - a mail may ask us to stop: the peer is told that it was not heard
            return _never(error)

    async def handle_exception(self, error: Exception) -> str:
        return _not_now(error) if isinstance(error, _PASSING) else _never(error)

    def route(self, address: str) -> Route | None:
        """Return what an address with a token means, or None when the token is none of ours."""
        kind, plus, token = address.rpartition("@")[0].partition("+")
        if not plus or kind not in ("b", "r"):
            return None
        if kind == "r":
            answered = self._read(ReplyToken, token)
            return Route("reply", answered) if answered else None
        if returned := self._read(BounceToken, token):
            return Route("returned", returned)
        # Mails of earlier versions have the token of their Message-ID in the return path, which others see too.
        message = self._read(MessageToken, token)
        return Route("returned", message, is_secret=False) if message else None

    def take(self, addresses: list[str], raw: bytes) -> str:
        """Write down what one mail says, once for everybody it came to; return the answer to the peer."""
        try:
            mail = parsed_mail.read(raw)
        except Unreadable as refusal:
            return f"554 5.6.0 This mail cannot be read: {refusal}"
        try:
            taken = [address for address in addresses if self._take(address, mail)]
        except replies.TooManyReplies as refusal:
            return f"550 5.7.1 {refusal.message}"
        return "250 2.0.0 Ok" if taken else "550 5.1.1 This mail answers none of ours"

    def _take(self, address: str, mail: Received) -> bool:
        route = self.route(address) or self._about(mail)
        about, settings, now = route.about, self._services.settings, self._services.clock.now()
        if about is None:
            log.info("delivery.mail_about_nothing")
            return False
        with self._services.database.transaction(about.workspace_id) as session:
            handlers.take(
                session,
                about,
                mail,
                is_secret=route.is_secret,
                is_return_path=route.kind == "returned",
                authserv_id=settings.authserv_id,
                now=now,
            )
        return True

    def _about(self, mail: Received) -> Route:
        """Which of our messages a mail to a plain address is about: by a return path it gives back, or a Message-ID."""
        given_back = " ".join(" ".join(group.values()) for group in (*mail.feedback, *mail.statuses, *mail.returned))
        kinds: tuple[tuple[str, type[AboutMessage]], ...] = (
            (given_back, BounceToken),
            (f"{_answers(mail)} {given_back}", MessageToken),
        )
        for named, kind in kinds:
            for token in reversed(_TOKEN.findall(named[:_MOST_NAMED])):
                if about := self._read(kind, token):
                    return Route("returned" if mail.is_report else "reply", about, is_secret=kind is BounceToken)
        return Route("reply", None)

    def _plain(self, address: str) -> Route | None:
        """Return the route of a plain address at the domain that comes to us, if somebody sends from there."""
        if address.rpartition("@")[2].lower() != (self._services.settings.inbound_domain or "").lower():
            return None
        with self._services.database.transaction(reading=True) as session:
            return Route("reply", None) if identities.is_answered_at(session, address) else None

    def _read(self, kind: type[AboutMessage], token: str) -> AboutMessage | None:
        try:
            return kind.decode(self._services.tokens, token, now=self._services.clock.now())
        except (BadToken, TokenExpired):
            return None


def _answers(mail: Received) -> str:
    return f"{mail.headers.get('references', '')} {mail.headers.get('in-reply-to', '')}"


def _not_now(error: Exception) -> str:
    """Keep the mail with the peer, who tries again and learns nothing of us."""
    log.error("delivery.intake_not_now", exc_info=error)
    return _NOT_NOW


def _never(error: Exception) -> str:
    """Refuse what no second try would change, and let the operator know that we could not."""
    log.error("delivery.intake_failed", exc_info=error)
    return "554 5.6.0 This mail could not be read"


async def serve(services: Services, host: str, port: int) -> asyncio.Server:
    """Listen for incoming mail and return the server."""
    handler = InboundServer(services)
    connections = Connections(services.settings.intake_connections_per_address)
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(_HANDS, thread_name_prefix="intake"))
    return await loop.create_server(lambda: Server(handler, connections), host, port)
