"""What comes back by mail? Bounces, complaints and replies, sorted by the token in the address they come to.

`b+<token>@` is the return path of one message (VERP), `r+<token>@` its reply address; a reply to the plain address is
known by the Message-ID it answers. A token is ours or it is not: mail without one is refused, so nobody can make us
believe that somebody else's mail bounced.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

import structlog
from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import Envelope as Incoming
from aiosmtpd.smtp import Session as Dialogue

from app.delivery import received, returned
from app.delivery.received import Received
from app.kernel.services import Services
from app.kernel.tokens import TOKEN_CHARS, BadToken, Letter, TokenExpired

log = structlog.get_logger()
LARGEST = 10 * 1024 * 1024
MOST_RECIPIENTS = 20
# Reports and forwarded mails hold a handful. Reading a maze of parts costs the square of its depth.
MOST_PARTS = 60
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_CHARS}}}")


@dataclass(frozen=True, slots=True)
class Route:
    """What a mail to one of our addresses is, and about which message (None: not known yet)."""

    kind: str
    letter: Letter | None


class Door:
    """What aiosmtpd asks at each step; every answer is given only after it has been written down."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle_RCPT(
        self, _server: SMTP, _dialogue: Dialogue, envelope: Incoming, address: str, _options: list[str]
    ) -> str:
        if self.route(address) is None:
            return "550 5.1.1 There is no such mailbox here"
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server: SMTP, _dialogue: Dialogue, envelope: Incoming) -> str:
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        if _is_a_maze(raw):
            return "554 5.6.0 This mail has too many parts"
        try:
            for address in dict.fromkeys(envelope.rcpt_tos):
                await asyncio.to_thread(self.take, address, raw)
        except Exception as error:  # noqa: BLE001 - a mail may ask us to stop: whatever went wrong, it comes again
            return _not_now(error)
        return "250 2.0.0 Ok"

    async def handle_exception(self, error: Exception) -> str:
        return _not_now(error)

    def route(self, address: str) -> Route | None:
        """Return what a recipient address means, or None when it is none of ours."""
        local, _, domain = address.rpartition("@")
        kind, plus, token = local.partition("+")
        if plus and kind in ("b", "r"):
            letter = self._letter("bounce" if kind == "b" else "reply", token)
            return Route("returned" if kind == "b" else "reply", letter) if letter else None
        if domain.lower() == (self._services.settings.inbound_domain or ""):
            return Route("reply", None)
        return None

    def take(self, address: str, raw: bytes) -> None:
        """Write down what one mail says."""
        route = self.route(address)
        mail = received.read(raw)
        letter = (route.letter if route else None) or self._answered(mail)
        if route is None or letter is None:
            log.info("delivery.mail_about_nothing")
            return
        now = self._services.clock.now()
        with self._services.database.transaction(letter.workspace_id) as session:
            if route.kind == "reply":
                returned.reply(session, letter, mail, now=now)
            else:
                returned.bounce_or_complaint(session, letter, raw, mail, now=now)

    def _answered(self, mail: Received) -> Letter | None:
        """Which of our messages a reply answers, by the token inside our Message-ID."""
        named = f"{mail.headers.get('in-reply-to', '')} {mail.headers.get('references', '')}"
        for token in reversed(_TOKEN.findall(named)):
            letter = self._letter("bounce", token)
            if letter is not None:
                return letter
        return None

    def _letter(self, purpose: str, token: str) -> Letter | None:
        try:
            return self._services.tokens.read(purpose, token, now=self._services.clock.now())
        except (BadToken, TokenExpired):
            return None


def _is_a_maze(raw: bytes) -> bool:
    lowered = raw.lower()
    return lowered.count(b"boundary") + lowered.count(b"message/") > MOST_PARTS


def _not_now(error: Exception) -> str:
    """Keep the mail with the peer, who tries again and learns nothing of us."""
    log.error("delivery.intake_not_now", exc_info=error)
    return "451 4.3.0 Try again later"


async def serve(services: Services, host: str, port: int) -> asyncio.Server:
    """Open the door for incoming mail and return the server behind it."""
    door = Door(services)
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: SMTP(door, data_size_limit=LARGEST, enable_SMTPUTF8=True, hostname="assent"), host, port
    )
