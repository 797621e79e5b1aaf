"""A mail server that greets, perhaps agrees for a while, and then says nothing any more."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

# What it still answers, by how far it goes along: nothing after the greeting, or all but the first recipient.
GREETS: dict[bytes, bytes] = {}
AGREES = {b"EHLO": b"250 mute\r\n", b"MAIL": b"250 ok\r\n"}


@dataclass
class MuteRelay:
    """Counts who called; every connection stays open until the caller gives up."""

    port: int
    answers: dict[bytes, bytes]
    calls: int = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def answer(self, caller: socket.socket) -> None:
        """Greet, say what is known by heart, and keep silent from then on."""
        with caller, suppress(OSError):
            caller.sendall(b"220 mute ESMTP\r\n")
            while line := caller.recv(4096):
                caller.sendall(self.answers.get(line[:4].upper(), b""))


@contextmanager
def a_mute_relay(answers: dict[bytes, bytes]) -> Iterator[MuteRelay]:
    """Listen on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        relay = MuteRelay(listening.getsockname()[1], answers)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    caller, _ = listening.accept()
                    relay.calls += 1
                    threading.Thread(target=relay.answer, args=(caller,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield relay
        listening.shutdown(socket.SHUT_RDWR)
