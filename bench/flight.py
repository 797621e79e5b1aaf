"""A bare SMTP flight, the floor under sending: one message again and again, without database, gate or rendering.

    python -m bench.flight URL COUNT CONNECTIONS < MESSAGE

Sends what comes by standard input through as many connections of our own client, and prints what that took as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from app.accounts.identities import relays
from app.delivery.sending.worker import new_event_loop
from app.delivery.smtp import handshake
from app.delivery.smtp.envelopes import Envelope, Outcome, Timeouts
from bench import measuring


class Flight:
    """So many copies of one message, shared by all connections."""

    def __init__(self, body: bytes, count: int) -> None:
        self.body = body
        self.left = count
        self.accepted = 0

    def source(self) -> Envelope | None:
        """Return the next copy."""
        if not self.left:
            return None
        self.left -= 1
        return Envelope(self.left, "bounce@bench.example", f"person{self.left}@bench.example", self.body)

    def report(self, _envelope: Envelope, outcome: Outcome) -> None:
        """Count what was taken."""
        self.accepted += outcome.is_accepted

    async def run(self, url: str, connections: int) -> None:
        """Send everything."""
        relay = relays.from_url(url)
        opened = [
            await handshake.connect(relay, helo="bench.example", timeouts=Timeouts()) for _ in range(connections)
        ]
        await asyncio.gather(*(connection.deliver(self.source, self.report) for connection in opened))
        await asyncio.gather(*(connection.close() for connection in opened))


def main() -> None:
    """Fly, and say how it went."""
    url, count, connections = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    flight = Flight(sys.stdin.buffer.read(), count)
    before, began = measuring.own_cpu(), time.perf_counter()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(flight.run(url, connections))
    took = {"accepted": flight.accepted, "cpu": measuring.own_cpu() - before, "wall": time.perf_counter() - began}
    print(json.dumps(took))


if __name__ == "__main__":
    main()
