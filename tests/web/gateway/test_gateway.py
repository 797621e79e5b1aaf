"""What an application sees of a request, and how its answers leave: the gateway over a stand-in for the server."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from app.web.gateway import environ, sockets, streams
from app.web.gateway.exchange import Exchange
from app.web.gateway.streams import ReaderStopped
from app.web.gateway.threads import AllBusy, Threads


class Lines(list[tuple[str, str]]):
    """Header lines."""

    def get(self, key: str, default: Any = None) -> Any:
        return dict(self).get(key, default)

    def items(self) -> list[tuple[str, str]]:
        return self


class Asked:
    """A request as RSGI describes it."""

    http_version, server, client, scheme = "1.1", "127.0.0.1:8000", "[2001:db8::1]:5000", "http"
    method, path, query_string = "GET", "/客户", "q=%00"
    headers = Lines([("cookie", "a=1"), ("cookie", "b=2"), ("x-forwarded-for", "1"), ("x_forwarded_for", "2")])


class Protocol:
    """Takes an answer, and reads only as much of it as a test asks for."""

    def response_file(self, _status: int, _headers: list[tuple[str, str]], path: str) -> None:
        self.reading = os.open(path, os.O_RDONLY)


def test_the_environment_is_that_of_wsgi():
    given = environ.of(Asked())

    assert given["PATH_INFO"].encode("latin-1").decode() == "/客户"
    assert (given["REMOTE_ADDR"], given["SERVER_NAME"], given["SERVER_PORT"]) == ("2001:db8::1", "127.0.0.1", "8000")
    assert (given["HTTP_COOKIE"], given["QUERY_STRING"]) == ("a=1; b=2", "q=%00")


def test_a_header_with_an_underscore_does_not_pass_for_another():
    """A proxy replaces X-Forwarded-For; X_Forwarded_For would have reached the application beside it."""
    assert environ.of(Asked())["HTTP_X_FORWARDED_FOR"] == "1"


def test_an_answer_is_made_only_as_fast_as_it_is_read():
    """The server keeps in memory whatever it is given; a large export to a slow reader must not be made meanwhile."""
    made: list[int] = []
    closed: list[bool] = []

    def app(_environ: object, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        try:
            for number in range(10_000):
                made.append(number)
                yield b"x" * 65_536
        finally:
            closed.append(True)

    async def send_to_nobody() -> None:
        threads, exchange = Threads("test", 1, timeout=5), Exchange(app, {})
        first = await threads.run(exchange.begin)
        with pytest.raises(ReaderStopped):
            await streams.copy(exchange, first, Protocol(), threads, timeout=0.05)
        await threads.run(exchange.close)

    asyncio.run(send_to_nobody())

    assert len(made) < 100
    assert closed == [True]


def test_an_answer_sent_in_pieces_arrives_whole():
    def app(_environ: object, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        return (b"%07d\n" % number for number in range(400_000))

    async def send() -> bytes:
        threads, exchange, protocol = Threads("test", 1, timeout=5), Exchange(app, {}), Protocol()
        first = await threads.run(exchange.begin)
        loop = asyncio.get_running_loop()
        sending = loop.create_task(streams.copy(exchange, first, protocol, threads))
        await asyncio.sleep(0)
        with os.fdopen(protocol.reading, "rb") as file:
            data = await loop.run_in_executor(None, file.read)
        await sending
        return data

    assert asyncio.run(send()) == b"".join(b"%07d\n" % number for number in range(400_000))


def test_who_finds_every_thread_busy_is_told_so():
    async def ask_while_busy() -> None:
        threads, over = Threads("test", 1, timeout=0.01), asyncio.Event()
        loop = asyncio.get_running_loop()
        busy = loop.create_task(threads.run(lambda: asyncio.run_coroutine_threadsafe(over.wait(), loop).result()))
        await asyncio.sleep(0)
        with pytest.raises(AllBusy):
            await threads.run(lambda: None)
        over.set()
        await busy

    asyncio.run(ask_while_busy())


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux can say how long")
def test_the_kernel_ends_connections_that_take_nothing():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sockets.let_go_of_the_silent(7)
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as taken:
            assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 7000
