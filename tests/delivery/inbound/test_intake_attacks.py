"""No anonymous mail keeps the others waiting: the intake as a process of its own, attacked from outside."""

from __future__ import annotations

import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from app.delivery.inbound import smtp_server
from app.delivery.tokens import ReplyToken
from app.kernel.services import Services
from app.kernel.settings import Settings
from tests.factories import NOON
from tests.factories.consent import consented_customer
from tests.factories.servers import incoming
from tests.factories.servers.incoming import HOSTILE, MEGABYTE, RunningIntake
from tests.factories.workspaces import WorkspaceForTests

HONEST = b"From: ada@example.com\r\nSubject: Re: News\r\n\r\nWhen do you open?\r\n"


@pytest.fixture(scope="module")
def running(settings, tmp_path_factory) -> Iterator[RunningIntake]:  # type: ignore[no-untyped-def]
    with incoming.an_intake_process(settings, tmp_path_factory.mktemp("intake")) as started:
        yield started


@pytest.fixture
def addresses(services: Services, workspace: WorkspaceForTests) -> list[str]:
    """Where thirty people answer to."""
    with services.database.transaction(workspace.id) as session:
        people = [
            consented_customer(session, workspace.id, email=f"p{number}@example.com", now=NOON).id
            for number in range(30)
        ]
    tokens = (ReplyToken(workspace.id, number, 1, person) for number, person in enumerate(people, 1))
    return [f"r+{token.encode(services.tokens)}@inbound.example" for token in tokens]


@pytest.mark.parametrize("written", HOSTILE)
def test_a_hostile_mail_costs_no_more_than_its_size(running: RunningIntake, addresses: list[str], written: str) -> None:
    """Each took ten seconds and more; an honest mail of the same size takes hundredths."""
    before = running.spent_seconds()
    for _ in range(5):
        assert running.deliver(addresses[0], HONEST + b"> so you wrote\r\n" * (MEGABYTE // 16))[0] == 250
    honest = max(0.02, (running.spent_seconds() - before) / 5)
    before = running.spent_seconds()
    code, said = running.deliver(addresses[0], HOSTILE[written])

    assert code in (250, 550, 552, 554), said
    assert running.spent_seconds() - before < 50 * honest
    assert running.largest_bytes() < 300 * MEGABYTE


def test_an_honest_mail_is_taken_during_an_attack(
    running: RunningIntake, services: Services, workspace: WorkspaceForTests, addresses: list[str]
) -> None:
    """Seven mails for twenty people each kept everybody waiting, once per mail and person."""
    hostile = list(HOSTILE.values())[:7]
    attack = [threading.Thread(target=_to_many, args=(running.port, addresses[:20], raw)) for raw in hostile]
    for thread in attack:
        thread.start()
    code, said = running.deliver(addresses[-1], HONEST, sender="p29@example.com")
    for thread in attack:
        thread.join()

    assert code == 250, said
    with services.database.transaction(workspace.id) as session:
        assert session.scalar(text("SELECT count(*) FROM replies WHERE excerpt = 'When do you open?'")) == 1


def _to_many(port: int, addresses: list[str], raw: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=120) as peer:
        peer.ehlo()
        peer.mail("")
        for address in addresses:
            peer.rcpt(address)
        peer.docmd("DATA")
        peer.send(raw + b"\r\n.\r\n")
        peer.getreply()


def test_a_mail_is_read_to_its_end_and_no_further(running: RunningIntake, addresses: list[str]) -> None:
    """Whatever pieces it comes in: a mail of nothing, dots, and commands that follow at once."""
    start = f"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<{addresses[1]}>\r\nDATA\r\n".encode()
    for body in (b".\r\n", b"\r\n.\r\n", b"..\r\n.\r\n", b"a\r\n..\r\n.b\n.\n\r\n.\r\n", b"x" * 5000 + b"\r\n.\r\n"):
        for size in (1, 3, 100_000):
            with socket.create_connection(("127.0.0.1", running.port), timeout=60) as wire:
                whole = body + b"NOOP\r\nQUIT\r\n"
                wire.sendall(start)
                for at in range(0, len(whole), size if len(whole) < 1000 else 1000 * size):
                    wire.sendall(whole[at : at + (size if len(whole) < 1000 else 1000 * size)])
                answers = wire.makefile("rb").read()
            assert answers.count(b"\r\n250 2.0.0 Ok") == 1, answers
            assert answers.rstrip().split(b"\r\n")[-1].startswith(b"221"), answers


def test_too_large_a_mail_is_refused_for_good(running: RunningIntake, addresses: list[str]) -> None:
    """Nothing of it is kept meanwhile, and the connection goes on."""
    with smtplib.SMTP("127.0.0.1", running.port, timeout=120) as peer:
        peer.ehlo()
        peer.mail("ada@example.com")
        peer.rcpt(addresses[2])
        peer.docmd("DATA")
        for _ in range(smtp_server.LARGEST // MEGABYTE + 1):
            peer.send(b"x" * MEGABYTE)
        peer.send(b"\r\n.\r\n")
        assert peer.getreply()[0] == 552
        assert peer.noop()[0] == 250

    assert running.largest_bytes() < 300 * MEGABYTE


def test_connections_of_one_network_are_counted(running: RunningIntake) -> None:
    """The one too many hears why and may come again; those that are open go on."""
    with ExitStack() as opened:
        held = [
            opened.enter_context(smtplib.SMTP("127.0.0.1", running.port, timeout=60))
            for _ in range(20)
        ]
        with pytest.raises(smtplib.SMTPConnectError, match="421"):
            smtplib.SMTP("127.0.0.1", running.port, timeout=60)
        assert held[0].noop()[0] == 250


def test_how_many_one_address_may_hold_is_a_setting(settings: Settings, tmp_path: Path) -> None:
    """Other addresses are served meanwhile, and who hangs up makes room."""
    with (
        incoming.an_intake_process(settings, tmp_path, INTAKE_CONNECTIONS_PER_ADDRESS="2") as started,
        ExitStack() as opened,
    ):
        held = [opened.enter_context(smtplib.SMTP("127.0.0.1", started.port, timeout=60)) for _ in range(2)]
        with pytest.raises(smtplib.SMTPConnectError, match="421"):
            smtplib.SMTP("127.0.0.1", started.port, timeout=60)
        with smtplib.SMTP("127.0.0.1", started.port, timeout=60, source_address=("127.0.0.2", 0)) as other:
            assert other.noop()[0] == 250
        held[0].quit()
        with smtplib.SMTP("127.0.0.1", started.port, timeout=60) as next_one:
            assert next_one.noop()[0] == 250


@pytest.mark.parametrize("to", ["nobody@inbound.example", "b+x@inbound.example", "r+@inbound.example", "a@else.test"])
def test_an_unknown_recipient_is_refused_before_any_content(running: RunningIntake, to: str) -> None:
    """550 at RCPT; only sending identities' addresses, and tokens of ours, are mailboxes here."""
    assert running.deliver(to, HONEST)[0] == 550


def test_nothing_written_in_commands_ends_a_connection_or_stays_with_the_peer(running: RunningIntake) -> None:
    """Deep brackets, endless lines and odd octets are answered, for good."""
    with smtplib.SMTP("127.0.0.1", running.port, timeout=60) as peer:
        peer.ehlo()
        for line in (b"MAIL FROM:" + b"<(" * 240, b"MAIL FROM:<\xff@\x00>", b"RCPT TO:" + b"(" * 400, b"X" * 70_000):
            peer.send(line + b"\r\n")
            assert peer.getreply()[0] // 100 in (2, 5)
        assert peer.noop()[0] == 250


def test_no_log_line_names_who_wrote_or_what(running: RunningIntake, addresses: list[str]) -> None:
    """Everything above went through this process."""
    running.deliver(addresses[3], HONEST)
    said = running.log.read_text()

    assert "@" not in said
    assert "When do you open" not in said


def test_memory_is_kept_small_by_what_is_kept(running: RunningIntake, addresses: list[str]) -> None:
    """A request to stop in front of thirty megabytes is heard all the same."""
    big = HONEST + b"attachment\r\n" * (20 * MEGABYTE // 12)
    assert running.deliver(addresses[4], big)[0] == 250
    assert running.largest_bytes() < 300 * MEGABYTE


@pytest.fixture(autouse=True)
def _alive(running: RunningIntake) -> Iterator[None]:
    yield
    assert running.process.poll() is None, Path(running.log).read_text()
