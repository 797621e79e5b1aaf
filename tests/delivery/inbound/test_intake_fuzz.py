"""Every mail is taken or refused for good: whatever stays with the peer comes again for days."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.delivery.inbound import bounce_classification, mail_parts, mail_text, parsed_mail
from app.delivery.inbound.listener import InboundServer
from app.delivery.tokens import BounceToken, ReplyToken
from app.kernel.services import Services
from tests.delivery.inbound.test_returned import a_complaint, a_report
from tests.factories import NOON
from tests.factories.consent import consented_customer
from tests.factories.servers import incoming
from tests.factories.workspaces import WorkspaceForTests

REPLY = (
    b"From: =?utf-8?q?Ann?= <ann@x.test>\r\nSubject: =?gb2312?b?zcu2qQ==?=\r\nMIME-Version: 1.0\r\n"
    b'In-Reply-To: <x@shop.test>\r\nContent-Type: multipart/alternative; boundary="b"\r\n\r\n--b\r\n'
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHow=20nice!\r\n"
    b"--b\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n<p>How&nbsp;nice!</p><blockquote>x</blockquote>\r\n"
    b"--b--\r\n"
)
SEEDS = [REPLY, a_report("5.1.1"), a_complaint()]
CHARSETS = ["utfé-8", "", "x" * 400, "idna", "punycode", "zip", "hex", "utf-7", "undefined", "unicode_escape"]
CHARSETS += ["a\0b", "utf-16", "*0*=", '"']


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_any_octets_are_a_mail(raw: bytes) -> None:
    said = parsed_mail.read(raw)

    assert said.text.encode().decode() == said.text
    assert bounce_classification.read_report(said) is None


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=120), st.text(max_size=40), st.text(max_size=120))
def test_any_header_is_readable(before: str, charset: str, content: str) -> None:
    """An encoded word may name any character set, and hold anything."""
    for kind in "bq":
        said = mail_text.readable(f"{before}=?{charset}?{kind}?{content}?= =?{charset}?{kind}?{content}?=")
        assert said.encode().decode() == said


def test_every_broken_mail_is_taken_or_refused_for_good(services: Services, workspace: WorkspaceForTests) -> None:
    """Six hundred mails a few octets away from a reply, a bounce and a complaint."""
    with services.database.transaction(workspace.id) as session:
        ada = consented_customer(session, workspace.id, email="ada@example.com", now=NOON).id
    server = InboundServer(services)
    ids = (workspace.id, 1, 1, ada)
    bounce, reply = (kind(*ids).encode(services.tokens) for kind in (BounceToken, ReplyToken))
    tokens = [f"b+{bounce}@in.test", f"r+{reply}@in.test"]
    dice, answers = random.Random(6), set()
    for number in range(600):
        raw = incoming.mutated(SEEDS[number % 3], number)
        answers.add(server.take([dice.choice(tokens)], raw)[:3])

    assert answers <= {"250", "554", "550"}


@pytest.mark.parametrize("charset", CHARSETS)
def test_a_reply_is_kept_whatever_its_headers_name(
    services: Services, workspace: WorkspaceForTests, charset: str
) -> None:
    """`=?utfé-8?q?Ann?=` was answered with "try again later", each time."""
    with services.database.transaction(workspace.id) as session:
        ada = consented_customer(session, workspace.id, email="ada@example.com", now=NOON).id
    to = f"r+{ReplyToken(workspace.id, 1, 1, ada).encode(services.tokens)}@in.test"
    raw = (
        f"From: =?{charset}?q?Ann?= <ada@example.com>\r\nContent-Type: text/plain; charset={charset}\r\n"
        "\r\nWhen do you open?\r\n"
    ).encode()

    assert InboundServer(services).take([to], raw) == "250 2.0.0 Ok"
    with services.database.transaction(workspace.id) as session:
        assert session.scalar(text("SELECT class FROM replies")) == "human"


def test_lines_of_any_length_are_read() -> None:
    """RFC 5321 asks for a thousand octets; programs write more, and were refused."""
    assert parsed_mail.read(b"Subject: Re\r\n\r\n" + b"x" * 100_000).text == "x" * 20_000


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"X: " + b"a" * mail_parts.MOST_HEADER_BYTES, "its header is too large"),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 300, "it has too many parts"),
    ],
)
def test_what_no_mail_program_writes_is_refused_by_name(raw: bytes, why: str) -> None:
    with pytest.raises(mail_parts.Unreadable, match=why):
        parsed_mail.read(raw)


HTML = [
    ("<p>Stop</p><blockquote><p>we wrote</p></blockquote>", "Stop"),
    ('<div dir="ltr">Hello&nbsp;you</div><div class="gmail_quote"><div>On Monday we wrote</div></div>', "Hello you"),
    ("<html><head><title>x</title><style>p{}</style></head>One<br>two &amp; three</html>", "One\ntwo & three"),
    ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
    ("<p>1 < 2 and 3 > 2</p>", "1 < 2 and 3 > 2"),
    ("<!-- never ends <p>x</p>", ""),
]


@pytest.mark.parametrize(("html", "seen"), HTML)
def test_a_reply_of_html_alone_is_read(html: str, seen: str) -> None:
    """What the person wrote, in lines, without the mail they quote."""
    said = parsed_mail.read(b"Content-Type: text/html; charset=utf-8\r\n\r\n" + html.encode())

    assert "\n".join(filter(None, (line.strip() for line in said.text.split("\n")))) == seen
