"""The inbound server takes requests to stop however their mail is written."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from app.delivery.inbound import parsed_mail
from app.delivery.tokens import ReplyToken
from app.kernel.database import Database
from app.kernel.services import Services
from tests.factories import NOON, delivery
from tests.factories.consent import consented_customer
from tests.factories.workspaces import WorkspaceForTests


@pytest.fixture
def port(services: Services) -> Iterator[int]:
    """The port of an open intake."""
    with delivery.an_open_port(services) as port:
        yield port


@pytest.fixture
def reply_address(services: Services, workspace: WorkspaceForTests) -> str:
    """Where ada@example.com, who agreed to news, answers to."""
    with services.database.transaction(workspace.id) as session:
        ada = consented_customer(session, workspace.id, email="ada@example.com", now=NOON).id
    return f"r+{ReplyToken(workspace.id, 1, 1, ada).encode(services.tokens)}@inbound.example"


def kept(services: Services, workspace: WorkspaceForTests) -> list[str]:
    with services.database.transaction(workspace.id) as session:
        return list(session.scalars(text("SELECT class FROM replies ORDER BY id")))


PARTS = b'Subject: Re: News\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
STOPS = {
    "a list without a domain": b"From: ada@example.com\r\nCc: list@\r\nSubject: Re: News\r\n\r\nunsubscribe\r\n",
    "a sender without a domain": b"From: foo@\r\n\r\nunsubscribe\r\n",
    "an empty Message-ID": b"Message-ID: <>\r\n\r\nunsubscribe\r\n",
    "no headers": b"\r\nunsubscribe\r\n",
    "a subject alone": b"Subject: unsubscribe\r\n\r\n",
    "headers of eight bits": b"From: \xff\xfe@\xe9\r\nSubject: \xe9\xff\x80\r\n\r\nunsubscribe\r\n",
    "a broken encoded word": b"Subject: =?nowhere?q?a?= =?utf-8?b?4?=\r\n\r\nunsubscribe\r\n",
    "a character set there is none of": b"Content-Type: text/plain; charset*0*=a'b'c\r\n\r\nunsubscribe \xff\r\n",
    "an encoding there is none of": b"Content-Transfer-Encoding: ;;=\r\n\r\nunsubscribe\r\n",
    "Chinese as it is sent in China": b"Content-Type: text/plain; charset=gb2312\r\n\r\n\xcd\xcb\xb6\xa9\r\n",
    "a boundary that never ends": PARTS + b"--b\r\nContent-Type: text/plain\r\n\r\nunsubscribe\r\n",
    "a second boundary within": PARTS + b"--b\r\n" + PARTS + b"--b\r\n\r\nunsubscribe\r\n--b--\r\n--b--\r\n",
    "five megabytes": b"Subject: Re: News\r\n\r\nunsubscribe\r\n\r\n" + b"> what you wrote to me\r\n" * 220_000,
}


@pytest.mark.parametrize("written", STOPS)
def test_a_request_to_stop_is_heard(
    services: Services, workspace: WorkspaceForTests, port: int, reply_address: str, written: str
) -> None:
    """What is broken counts as the characters it consists of, and takes nothing else with it."""
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as peer:
        peer.sendmail("ada@example.com", [reply_address], STOPS[written])

    assert kept(services, workspace) == ["unsubscribe"]
    with services.database.transaction(workspace.id) as session:
        assert session.scalar(text("SELECT bool_or(allowed) FROM consent_state WHERE purpose = 'marketing'")) is False


def test_two_mails_without_a_name_are_two(
    services: Services, workspace: WorkspaceForTests, port: int, reply_address: str
) -> None:
    """An empty Message-ID makes nobody's mail a copy of another's."""
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as peer:
        for words in (b"How nice!", b"Stop"):
            peer.sendmail("ada@example.com", [reply_address], b"Message-ID: <>\r\n\r\n" + words + b"\r\n")

    assert kept(services, workspace) == ["human", "unsubscribe"]


def test_what_cannot_be_written_down_stays_with_the_peer(
    services: Services, workspace: WorkspaceForTests, reply_address: str
) -> None:
    """451: it comes again, and on the same connection once the cause is gone."""
    away = Database("postgresql://nobody@127.0.0.1:9/nowhere")
    with (
        delivery.an_open_port(replace(services, database=away)) as port,
        smtplib.SMTP("127.0.0.1", port, timeout=60) as peer,
    ):
        with pytest.raises(smtplib.SMTPDataError, match="Try again later"):
            peer.sendmail("ada@example.com", [reply_address], b"\r\nunsubscribe\r\n")
        with pytest.raises(smtplib.SMTPDataError, match="451"):
            peer.sendmail("ada@example.com", [reply_address], b"\r\nunsubscribe\r\n")

    assert kept(services, workspace) == []


def test_headers_are_read_one_by_one() -> None:
    """Encoded words are decoded, folded lines joined; the first of two counts, and what is broken is shown as it is."""
    mail = parsed_mail.read(
        b"Subject: =?utf-8?b?6YCA6K6i?=\r\n please\r\nCc: list@\r\nX: =?utf-8?b?4?=\r\nSUBJECT: two\r\n\r\n"
    )

    assert mail.headers == {"subject": "退订 please", "cc": "list@", "x": "=?utf-8?b?4?="}


def test_only_what_the_person_wrote_is_their_text() -> None:
    """An attachment and a quoted mail are somebody else's words; HTML counts where there is nothing plainer."""
    attached = (
        b"--b\r\nContent-Disposition: attachment\r\n\r\nstop\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n\r\nstop\r\n"
    )
    html = b"--b\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n--b--\r\n"

    assert parsed_mail.read(PARTS + attached + html).text.strip() == "Hello"
