"""The SMTP client knows exactly how far each message came, whatever the server does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.accounts.identities import relays
from app.delivery.smtp import handshake
from app.delivery.smtp.envelopes import Envelope, Outcome, Phase, Timeouts
from app.delivery.smtp.handshake import ConnectionRefused
from tests.factories import delivery

PIPELINED = "PIPELINING"
CHUNKED = "PIPELINING,CHUNKING"
STEP_BY_STEP = ""
WAYS = [PIPELINED, CHUNKED, STEP_BY_STEP]
BODY = b"Subject: x\r\nMessage-ID: <a@b>\r\n\r\n" + b"Hello\r\n" * 20
QUICK = Timeouts(connect=2, command=1, dot=1)


def deliver(url: str, *recipients: str, body: bytes = BODY) -> dict[str, Outcome]:
    """Send one message to each recipient over one connection; what was never begun is missing from the answer."""
    told: dict[str, Outcome] = {}

    async def run() -> None:
        connection = await handshake.connect(relays.from_url(url), helo="test", timeouts=QUICK)
        waiting = iter([Envelope(n, "back@shop.test", to, body) for n, to in enumerate(recipients)])
        await connection.deliver(lambda: next(waiting, None), lambda e, outcome: told.update({e.recipient: outcome}))
        await connection.close()

    asyncio.run(run())
    return told


@pytest.mark.parametrize("offer", WAYS)
def test_every_way_of_speaking_delivers_everything(tmp_path: Path, offer: str) -> None:
    """Pipelined, chunked and step by step end alike."""
    people = [f"p{n}@example.com" for n in range(20)]
    with delivery.a_sink(tmp_path, offer=offer) as sink:
        told = deliver(sink.url, *people)

        assert all(told[to].is_accepted for to in people)
        assert sink.recipients() == people


@pytest.mark.parametrize("offer", WAYS)
@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "dot"])
def test_one_refusal_spoils_no_other_message(tmp_path: Path, offer: str, stage: str) -> None:
    """The refused one is told apart with its step; those before and behind it arrive once."""
    if offer == CHUNKED and stage == "data":
        pytest.skip("BDAT has no DATA step")
    rule = {"at": stage, "to": "" if stage == "mail" else "b@", "reply": "550 5.1.1 no", "times": 1}
    with delivery.a_sink(tmp_path, rule, offer=offer) as sink:
        told = deliver(sink.url, "a@x.test", "b@x.test", "c@x.test")

        refused = "a@x.test" if stage == "mail" else "b@x.test"
        assert told[refused].phase is Phase[stage.upper()]
        assert told[refused].code == 550
        assert sorted(sink.recipients()) == sorted({"a@x.test", "b@x.test", "c@x.test"} - {refused})


def test_content_asked_for_in_spite_of_a_refused_recipient_ends_with_a_lone_dot(tmp_path: Path) -> None:
    """Some servers answer 354 although nobody is left to receive; nothing may be delivered."""
    rule = {"at": "rcpt", "to": "b@", "reply": "550 5.1.1 no"}
    with delivery.a_sink(tmp_path, rule, offer=PIPELINED, eager=True) as sink:
        told = deliver(sink.url, "a@x.test", "b@x.test", "c@x.test")

        assert (told["b@x.test"].phase, told["b@x.test"].code) == (Phase.RCPT, 550)
        assert sink.recipients() == ["a@x.test", "c@x.test"]


@pytest.mark.parametrize("offer", WAYS)
def test_a_connection_lost_after_the_dot_proves_nothing(tmp_path: Path, offer: str) -> None:
    """The server may have taken the message: it is not called unsent."""
    with delivery.a_sink(tmp_path, {"at": "dot", "to": "b@", "drop": True}, offer=offer) as sink:
        told = deliver(sink.url, "a@x.test", "b@x.test", "c@x.test")

    assert told["a@x.test"].is_accepted
    assert told["b@x.test"].phase is Phase.DROPPED_AFTER_DOT
    # With chunks the third is on its way too, and just as unknown.
    assert offer == CHUNKED or told.get("c@x.test", Outcome(Phase.UNSENT, 0, "")).phase is Phase.UNSENT


@pytest.mark.parametrize("offer", [PIPELINED, STEP_BY_STEP])
@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_a_connection_lost_before_the_dot_is_unsent(tmp_path: Path, offer: str, stage: str) -> None:
    """Nothing was delivered, so it may be sent again."""
    with delivery.a_sink(tmp_path, {"at": stage, "drop": True}, offer=offer) as sink:
        told = deliver(sink.url, "a@x.test")

        assert told["a@x.test"].phase is Phase.UNSENT
        assert sink.recipients() == []


def test_silence_after_the_dot_is_doubt(tmp_path: Path) -> None:
    """A reply that comes too late is no reply; whether the message arrived is not known."""
    with delivery.a_sink(tmp_path, {"at": "dot", "delay": 3.0}, offer=PIPELINED) as sink:
        told = deliver(sink.url, "a@x.test")

    assert told["a@x.test"].phase is Phase.DROPPED_AFTER_DOT


@pytest.mark.parametrize("at", ["connect", "mail", "dot"])
def test_421_closes_without_blaming_the_next_message(tmp_path: Path, at: str) -> None:
    """A server that leaves says so once; what was not begun is unsent."""
    rule = {"at": at, "reply": "421 4.3.2 closing", "times": 1}
    with delivery.a_sink(tmp_path, rule, offer=PIPELINED) as sink:
        if at == "connect":
            with pytest.raises(ConnectionRefused) as refused:
                deliver(sink.url, "a@x.test")
            assert refused.value.code == 421
            return
        told = deliver(sink.url, "a@x.test", "b@x.test")

        assert told["a@x.test"].code == 421
        assert told.get("b@x.test", Outcome(Phase.UNSENT, 0, "")).phase is Phase.UNSENT
        assert sink.recipients() == []


async def speak(script: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]) -> dict[str, Outcome]:
    """Deliver one message to a server that says exactly what the script says."""
    told: dict[str, Outcome] = {}
    server = await asyncio.start_server(script, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    relay = relays.from_url(f"smtp://127.0.0.1:{port}?tls=none")
    waiting = [Envelope(1, "back@shop.test", "a@x.test", BODY)]
    connection = await handshake.connect(relay, helo="test", timeouts=QUICK)
    await connection.deliver(
        lambda: waiting.pop() if waiting else None, lambda e, outcome: told.update({e.recipient: outcome})
    )
    connection.abort()
    server.close()
    return told


def test_replies_may_come_one_byte_at_a_time() -> None:
    """However the stream is cut, the replies are the same."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(text: str) -> None:
            for byte in text.encode():
                writer.write(bytes([byte]))
                await writer.drain()

        await say("220-hello\r\n220 there\r\n")
        await reader.readline()
        await say("250-x\r\n250 PIPELINING\r\n")
        for _ in range(3):
            await reader.readline()
        await say("250 ok\r\n250 ok\r\n354 go\r\n")
        await reader.readuntil(b"\r\n.\r\n")
        await say("250 taken\r\n")

    assert asyncio.run(speak(script))["a@x.test"].is_accepted


def test_an_endless_reply_ends_the_connection() -> None:
    """A server that never ends a line costs us nothing but its own messages."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        await reader.readline()
        writer.write(b"250 x\r\n")
        await reader.readline()
        writer.write(b"250 " + b"x" * 100_000)
        await writer.drain()

    assert asyncio.run(speak(script))["a@x.test"].phase is Phase.UNSENT


@pytest.mark.parametrize("url", ["smtp://me:secret@relay.test?tls=none", "smtp://me:secret@relay.test?verify=no"])
def test_a_password_is_never_configured_to_travel_in_clear(url: str) -> None:
    """Credentials without protection are refused when the relay's address is read."""
    with pytest.raises(relays.BadRelay):
        relays.from_url(url)


def test_a_password_is_not_sent_where_starttls_was_stripped(tmp_path: Path) -> None:
    """A server that offers no encryption gets no credentials."""
    with delivery.a_sink(tmp_path) as sink, pytest.raises(ConnectionRefused, match="STARTTLS"):
        deliver(f"smtp://me:secret@127.0.0.1:{sink.port}", "a@x.test")


@pytest.mark.parametrize("address", ["a@b\r\nRCPT TO:<x@y>", "a b@x.test", "<a@x.test>", ""])
def test_no_address_can_speak_commands(tmp_path: Path, address: str) -> None:
    """An address that would break out of its command is refused before a byte of it is written."""
    with delivery.a_sink(tmp_path) as sink:
        told = deliver(sink.url, address, "ok@x.test")

        assert told[address].code == 553
        assert sink.recipients() == ["ok@x.test"]
