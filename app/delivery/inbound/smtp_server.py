"""The SMTP side of the intake: who may connect, and how a mail's bytes are read. Bounded whatever a peer sends."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from aiosmtpd.smtp import SMTP, syntax

from app.kernel import networks

MOST_CONNECTIONS = 100
# Mails up to this size are taken; of each, only the beginning is kept, where every report and answer says what it says.
LARGEST = 35 * 1024 * 1024
KEPT = 1024 * 1024
_IDLE_SECONDS = 120.0
_LONGEST_CONNECTION = 900.0
_COMMANDS = {"*": 20, "MAIL": 200, "RCPT": 1_000, "DATA": 200, "RSET": 200}
_PIECE = 1024 * 1024
_END = b"\r\n.\r\n"


class Connections:
    """Counts the open connections, in all and of each network, which may hold `most_of_one`."""

    def __init__(self, most_of_one: int) -> None:
        self._most_of_one = most_of_one
        self._of: Counter[str] = Counter()

    def admit(self, network: str) -> bool:
        """Count one more in, unless there are too many."""
        if self._of.total() >= MOST_CONNECTIONS or self._of[network] >= self._most_of_one:
            return False
        self._of[network] += 1
        return True

    def leave(self, network: str) -> None:
        """Count one out."""
        self._of[network] -= 1
        if not self._of[network]:
            del self._of[network]


class Server(SMTP):
    """One connection. Reads a mail in large pieces, takes lines of any length, and keeps no more than is looked at."""

    # How much the reader buffers, too; commands have their own, smaller limit.
    line_length_limit = 64 * 1024

    def __init__(self, handler: Any, connections: Connections) -> None:
        super().__init__(
            handler,
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
            hostname="assent",
            ident="ESMTP",
            timeout=_IDLE_SECONDS,
            command_call_limit=_COMMANDS,
        )
        self._connections = connections
        self._network: str | None = None
        self._end_of_time: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername") or ("",)
        network = networks.network_of(str(peer[0]))
        if not self._connections.admit(network):
            if isinstance(transport, asyncio.WriteTransport):
                transport.write(b"421 4.7.0 Too many connections, try again later\r\n")
            transport.close()
            return
        self._network = network
        self._end_of_time = self.loop.call_later(_LONGEST_CONNECTION, transport.close)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._network is None or self._end_of_time is None:
            return
        self._connections.leave(self._network)
        self._network = None
        self._end_of_time.cancel()
        super().connection_lost(error)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:
        if await self.check_helo_needed():
            return
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos:
            await self.push("503 5.5.1 Name a recipient first")
        elif arg:
            await self.push("501 5.5.4 DATA takes no argument")
        else:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            envelope.content = await self._mail()
            if envelope.content is None:
                answer = "552 5.3.4 This mail is too large"
            else:
                answer = await self._call_handler_hook("DATA")
            self._set_post_data_state()  # type: ignore[no-untyped-call]
            await self.push(answer)

    async def _mail(self) -> bytes | None:
        """Read to the lone dot; return the beginning of the mail, or None when it is too large."""
        kept, seen, tail = bytearray(), 0, b"\r\n"
        while True:
            piece = await self._reader.read(_PIECE)
            if not piece or seen > 2 * LARGEST:
                self._writer.close()
                raise asyncio.CancelledError
            # The end may lie across two pieces, and a mail of nothing begins with it.
            window = tail + piece
            end = window.find(_END)
            kept += piece[: max(0, KEPT - len(kept))]
            seen += len(piece)
            if end >= 0:
                rest = window[end + len(_END) :]
                seen -= len(rest) + len(_END) - len(b"\r\n")
                break
            tail = window[-(len(_END) - 1) :]
        self._give_back(rest)
        # What comes before the dot is the mail; a dot that begins a line was doubled (RFC 5321, 4.5.2).
        text = b"\r\n" + bytes(kept[: max(0, seen)])
        return text.replace(b"\r\n.", b"\r\n")[2:] if seen <= LARGEST else None

    def _give_back(self, rest: bytes) -> None:
        """Let the commands that came with the end of the mail be read next; the reader is empty by now."""
        if rest and not self._reader.at_eof():
            self._reader.feed_data(rest)
