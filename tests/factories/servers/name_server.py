"""A name server on 127.0.0.1 that publishes what a test says."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class NameServer:
    """Answers TXT questions over UDP, and remembers which names were asked for.

    `records` may be changed while it runs. A name in `silent` is never answered; one in `failing` is with SERVFAIL.
    """

    def __init__(self, records: Mapping[str, str | list[str]] | None = None) -> None:
        self.records: dict[str, list[str]] = {}
        self.silent: set[str] = set()
        self.failing: set[str] = set()
        self.asked: list[str] = []
        self.publish(records or {})
        self._server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), _handler(self))

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._server.server_address[:2]
        return str(host), int(port)

    def publish(self, records: Mapping[str, str | list[str]]) -> None:
        """Add records, in place of those under the same names."""
        for name, texts in records.items():
            self.records[name.lower()] = [texts] if isinstance(texts, str) else list(texts)

    def answer(self, wire: bytes) -> bytes | None:
        """Return the reply to one question."""
        question = dns.message.from_wire(wire)
        name = question.question[0].name
        asked = name.to_text(omit_final_dot=True).lower()
        self.asked.append(asked)
        if asked in self.silent:
            return None
        reply = dns.message.make_response(question)
        reply.flags |= dns.flags.RA
        texts = self.records.get(asked)
        if asked in self.failing:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif texts:
            reply.answer.append(dns.rrset.from_text_list(name, 60, "IN", "TXT", [_quoted(text) for text in texts]))
        elif not any(known.endswith(f".{asked}") for known in self.records):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply.to_wire(max_size=65_535)

    def serve(self) -> None:
        self._server.serve_forever(poll_interval=0.02)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def a_name_server(records: Mapping[str, str | list[str]] | None = None) -> Iterator[NameServer]:
    """Run a name server for the length of the block."""
    server = NameServer(records)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


def _handler(server: NameServer) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, connection = self.request
            if reply := server.answer(wire):
                connection.sendto(reply, self.client_address)

    return Handler


def _quoted(text: str) -> str:
    """Write a text as the strings of at most 255 octets a TXT record is made of."""
    pieces = [text[start : start + 200] for start in range(0, len(text), 200)]
    return " ".join('"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"' for piece in pieces)
