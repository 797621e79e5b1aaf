"""An SMTP client connection with pipelining that reports how far each message came.

A kept connection carries message after message. Where the server offers PIPELINING a message costs one flight:
the body and its final dot, then MAIL, RCPT and DATA of the next (RFC 2920 lets content open a command group).
Where it offers CHUNKING as well, several BDAT messages are under way at once. A server with neither is walked step
by step. What matters to the caller is told apart with care: a connection lost before the final dot proves that
nothing was delivered, one lost after it proves nothing at all (RFC 1047).
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import deque
from enum import IntEnum

from app.delivery.smtp.envelopes import Envelope, Outcome, Phase, Reply, Report, Source, Timeouts
from app.delivery.smtp.replies import NotSmtp, ReplyReader

CHUNKS_UNDER_WAY = 3
SAFE_ADDRESS = re.compile(r"[^\x00-\x20\x7f<>@]+@[^\x00-\x20\x7f<>@]+")


class Step(IntEnum):
    """Which of our commands the server answers next."""

    COMMAND = 0
    RESET = 1
    MAIL = 2
    RCPT = 3
    DATA = 4
    BODY = 5
    LONE_DOT = 6


# While commands run ahead of their replies, a yes to these says nothing that has to be acted on.
EXPECTED_YES = frozenset({Step.RESET, Step.MAIL, Step.RCPT})


class _Transfer:
    """One message on its way: what the server refused so far, and whether its last byte has left us."""

    __slots__ = ("envelope", "is_complete", "refusal")

    def __init__(self, envelope: Envelope) -> None:
        self.envelope = envelope
        self.refusal: Outcome | None = None
        self.is_complete = False


class Connection(asyncio.Protocol):
    """One session with a relay. `deliver` may be called again and again while `is_usable`."""

    def __init__(self, timeouts: Timeouts) -> None:
        self.offers: dict[str, str] = {}
        self.is_pipelining = False
        self.is_chunking = False
        self.is_usable = False
        # It was given up because the server had said nothing for as long as it may.
        self.has_timed_out = False
        self.loss = ""
        self._timeouts = timeouts
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._replies = ReplyReader()
        self._expected: deque[tuple[Step, _Transfer | None]] = deque()
        self._waiter: asyncio.Future[Reply] | None = None
        self._done: asyncio.Future[None] | None = None
        self._ready: Envelope | None = None
        self._ready_body = b""
        self._is_drained = True
        self._is_open = False
        self._spoken_at = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._source: Source = lambda: None
        self._report: Report = lambda envelope, outcome: None

    async def deliver(self, source: Source, report: Report) -> None:
        """Send what `source` yields until it yields None, reporting every message exactly once.

        A message leaves only after `source` gave it, so the caller's hand-off record comes first. Returns normally
        when the connection is lost: the reports say which messages that concerned, `is_usable` that it is over.
        """
        self._source, self._report, self._is_drained = source, report, False
        if not self.is_usable:
            return
        self._done = asyncio.get_running_loop().create_future()
        self._arm()
        try:
            self._begin()
            await self._done
        finally:
            self._done = None
            self._disarm()

    def learn(self, offers: dict[str, str]) -> None:
        """Take note of what the server's EHLO offered."""
        self.offers = offers
        self.is_pipelining = "PIPELINING" in offers
        self.is_chunking = self.is_pipelining and "CHUNKING" in offers

    async def command(self, line: str) -> Reply:
        """Say one thing outside a delivery and wait for the answer."""
        self._waiter = asyncio.get_running_loop().create_future()
        self._expected.append((Step.COMMAND, None))
        if line:
            self._write(line.encode() + b"\r\n")
        return await self._waiter

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Go on encrypted; what came in clear after the server's agreement is refused as injected."""
        if self._replies.has_rest or self._transport is None:
            raise ConnectionError("bytes in clear after STARTTLS")
        self._transport = await asyncio.get_running_loop().start_tls(
            self._transport, self, context, server_hostname=host
        )

    async def close(self) -> None:
        """Part politely; a peer that does not answer is left after two seconds."""
        if self.is_usable:
            try:
                async with asyncio.timeout(2):
                    await self.command("QUIT")
            except (TimeoutError, ConnectionError):
                self.loss = "no answer to QUIT"
        self.abort()

    def hang_up(self, why: str) -> None:
        """End the session at once, whatever is under way."""
        self._fail(why)

    def abort(self) -> None:
        self.is_usable = False
        if self._transport is not None:
            self._transport.abort()

    # -- one message after another ----------------------------------------------------------------------------

    def _pull(self) -> None:
        """Let the caller prepare one message ahead, while the server is busy with the one before."""
        while self._ready is None and not self._is_drained:
            envelope = self._source()
            if envelope is None:
                self._is_drained = True
            elif (refusal := self._unspeakable(envelope)) is not None:
                self._report(envelope, refusal)
            else:
                self._ready = envelope

    def _unspeakable(self, envelope: Envelope) -> Outcome | None:
        if not SAFE_ADDRESS.fullmatch(envelope.sender):
            return Outcome(Phase.MAIL, 553, "5.1.7 the sender's address cannot be written in SMTP")
        if not SAFE_ADDRESS.fullmatch(envelope.recipient):
            return Outcome(Phase.RCPT, 553, "5.1.3 the address cannot be written in SMTP")
        if not envelope.recipient.isascii() and "SMTPUTF8" not in self.offers:
            return Outcome(Phase.RCPT, 0, "undeliverable_eai")
        return None

    def _begin(self) -> None:
        """Open the next transaction in as few flights as the server allows, or end when nothing is left."""
        self._pull()
        if self._ready is None:
            if not self._expected and self._done is not None and not self._done.done():
                self._done.set_result(None)
        elif self.is_chunking:
            self._write(*self._chunks())
        else:
            self._write(self._opening())
        self._pull()

    def _chunks(self) -> list[bytes]:
        """Whole messages, each MAIL, RCPT, BDAT LAST and body, as many as may be under way at once."""
        under_way = sum(1 for step, _ in self._expected if step is Step.BODY)
        pieces = []
        while self._ready is not None and under_way < CHUNKS_UNDER_WAY:
            # A refusal inside one message must not spoil the one sent behind it, so each starts from RSET.
            self._is_open = True
            pieces.append(self._opening())
            pieces.append(self._ready_body)
            under_way += 1
            self._pull()
        return pieces

    def _opening(self) -> bytes:
        """The next message's commands, as far as the server lets us run ahead of its replies."""
        envelope, self._ready = self._ready, None
        assert envelope is not None
        transfer = _Transfer(envelope)
        reset = b""
        if self._is_open:
            reset, self._is_open = b"RSET\r\n", False
            self._expected.append((Step.RESET, None))
        self._expected.append((Step.MAIL, transfer))
        recipient = envelope.recipient.encode()
        eai = b"" if envelope.recipient.isascii() else b" SMTPUTF8"
        mail = b"%bMAIL FROM:<%b>%b\r\n" % (reset, envelope.sender.encode(), eai)
        if not self.is_pipelining:
            return mail
        self._expected.append((Step.RCPT, transfer))
        if self.is_chunking:
            self._expected.append((Step.BODY, transfer))
            transfer.is_complete = True
            self._ready_body = envelope.body
            return b"%bRCPT TO:<%b>\r\nBDAT %d LAST\r\n" % (mail, recipient, len(envelope.body))
        self._expected.append((Step.DATA, transfer))
        return b"%bRCPT TO:<%b>\r\nDATA\r\n" % (mail, recipient)

    def _end_with(self, *pieces: bytes) -> None:
        """Write what ends one message; the opening of the next rides along when the server pipelines."""
        if self.is_pipelining and self._ready is not None:
            pieces = (*pieces, self._opening())
        self._write(*pieces)
        self._pull()

    # -- replies ----------------------------------------------------------------------------------------------

    def _replied(self, code: int, lines: list[bytes]) -> None:
        text = b" ".join(lines).decode("utf-8", "replace")
        if not self._expected:
            self._fail(f"{code} {text}")
            return
        step, transfer = self._expected.popleft()
        if code == 421:
            self.is_usable = False
            self.loss = f"421 {text}"[:500]
        if step is Step.COMMAND:
            if self._waiter is not None and not self._waiter.done():
                self._waiter.set_result((code, [line.decode("utf-8", "replace") for line in lines]))
        elif transfer is not None:
            self._advance(step, transfer, code, text)
        if code == 421 and self._transport is not None:
            self._transport.close()

    def _advance(self, step: Step, transfer: _Transfer, code: int, text: str) -> None:
        if step is Step.BODY:
            self._settle(transfer, Outcome(Phase.DOT, code, text))
        elif step is Step.LONE_DOT:
            self._settle(transfer, Outcome(Phase.DATA, code, text))
        elif step is Step.DATA:
            self._data_replied(transfer, code, text)
        elif 200 <= code < 300:
            self._walk_on(step, transfer)
        else:
            phase = Phase.MAIL if step is Step.MAIL else Phase.RCPT
            transfer.refusal = transfer.refusal or Outcome(phase, code, text)
            if not self.is_pipelining:
                self._is_open = True
                self._settle(transfer, transfer.refusal)

    def _walk_on(self, step: Step, transfer: _Transfer) -> None:
        """The step-by-step server agreed: say the next command."""
        if self.is_pipelining:
            return
        following = Step.RCPT if step is Step.MAIL else Step.DATA
        self._expected.append((following, transfer))
        recipient = transfer.envelope.recipient.encode()
        self._write(b"RCPT TO:<%b>\r\n" % recipient if following is Step.RCPT else b"DATA\r\n")

    def _data_replied(self, transfer: _Transfer, code: int, text: str) -> None:
        if not self.is_usable:
            # The server is leaving; whatever it still says, no body follows.
            self._report(transfer.envelope, transfer.refusal or Outcome(Phase.UNSENT, 0, self.loss))
        elif code == 354 and transfer.refusal is None:
            body = transfer.envelope.body
            transfer.is_complete = True
            self._expected.append((Step.BODY, transfer))
            self._end_with(body, b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")
        elif code == 354:
            # The server asks for content although it refused the recipient: a lone dot ends that politely.
            self._expected.append((Step.LONE_DOT, transfer))
            self._end_with(b".\r\n")
        else:
            self._is_open = True
            self._settle(transfer, Outcome(Phase.DATA, code, text))

    def _settle(self, transfer: _Transfer, outcome: Outcome) -> None:
        self._report(transfer.envelope, transfer.refusal or outcome)
        if self.is_usable and (self.is_chunking or not self._expected):
            self._begin()

    # -- the wire ---------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._spoken_at = self._loop.time()
        try:
            for code, lines in self._replies.feed(data):
                if code == 250 and self.is_pipelining and self._expected and self._expected[0][0] in EXPECTED_YES:
                    self._expected.popleft()
                else:
                    self._replied(code, lines)
        except NotSmtp as error:
            self._fail(str(error))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell every message under way what is known: nothing left before its dot, nothing is sure after it."""
        self.is_usable = False
        self.loss = self.loss or (str(exc) if exc else "the server closed the connection")
        seen: set[int] = set()
        for _, transfer in self._expected:
            if transfer is not None and id(transfer) not in seen:
                seen.add(id(transfer))
                self._report(transfer.envelope, self._fate(transfer))
        self._expected.clear()
        if self._ready is not None:
            self._report(self._ready, Outcome(Phase.UNSENT, 0, self.loss))
            self._ready = None
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(ConnectionError(self.loss))
        if self._done is not None and not self._done.done():
            self._done.set_result(None)

    def _fate(self, transfer: _Transfer) -> Outcome:
        if transfer.refusal is not None:
            return transfer.refusal
        phase = Phase.DROPPED_AFTER_DOT if transfer.is_complete else Phase.UNSENT
        return Outcome(phase, 0, self.loss)

    def _write(self, *pieces: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.writelines(pieces)

    def _fail(self, why: str) -> None:
        self.loss = why[:500]
        self.abort()

    def _arm(self) -> None:
        loop = asyncio.get_running_loop()
        self._spoken_at = loop.time()
        pause = min(self._timeouts.command, self._timeouts.dot) / 4
        self._watch = loop.call_later(min(pause, 15.0), self._check_silence)

    def _check_silence(self) -> None:
        silent_for = asyncio.get_running_loop().time() - self._spoken_at
        is_after_dot = any(transfer is not None and transfer.is_complete for _, transfer in self._expected)
        allowed = self._timeouts.dot if is_after_dot else self._timeouts.command
        if silent_for > allowed:
            self.has_timed_out = True
            self._fail(f"no reply within {allowed:g} seconds")
            return
        pause = min(self._timeouts.command, self._timeouts.dot) / 4
        self._watch = asyncio.get_running_loop().call_later(min(pause, 15.0), self._check_silence)

    def _disarm(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
