"""The floor under sending takes the same way as a campaign's mail, and counts what was taken."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bench.flight import Flight
from tests.factories import delivery


def test_a_flight_takes_every_copy_to_the_sink(tmp_path: Path) -> None:
    flight = Flight(b"Subject: x\r\n\r\nHello\r\n", 30)
    with delivery.a_sink(tmp_path) as sink:
        asyncio.run(flight.run(sink.url, 3))

        assert flight.accepted == 30
        assert len(set(sink.recipients())) == 30
