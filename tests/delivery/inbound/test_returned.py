"""Bounces blame whom they should, complaints end everything, forgeries nothing."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage

import pytest
from aiosmtpd.smtp import Envelope
from sqlalchemy import text

from app.consent import permission, suppression
from app.customers.addresses import changes
from app.customers.profiles import people
from app.delivery.inbound import bounce_classification, listener, parsed_mail
from app.delivery.inbound.bounce_classification import Cause
from app.delivery.tokens import BounceToken
from app.kernel.services import Services
from tests.factories import NOON, delivery
from tests.factories.workspaces import WorkspaceForTests

CODES = [
    (550, "5.1.1 user unknown", Cause.ADDRESS),
    (550, "5.1.10 null MX", Cause.ADDRESS),
    (550, "5.2.1 the account is disabled", Cause.ADDRESS),
    (450, "4.2.1 is receiving mail at a rate that prevents delivery", Cause.THROTTLED),
    (550, "5.2.1 is receiving mail too quickly", Cause.THROTTLED),
    (552, "5.2.2 mailbox full", Cause.MAILBOX_FULL),
    (452, "4.2.2 over quota", Cause.MAILBOX_FULL),
    (550, "5.7.1 blocked", Cause.POLICY),
    (421, "5.7.32 not aligned", Cause.POLICY),
    (421, "4.7.28 unusual rate", Cause.THROTTLED),
    (451, "4.7.1 greylisted", Cause.THROTTLED),
    (554, "5.6.0 malformed", Cause.CONTENT),
    (550, "no idea", Cause.UNCLASSIFIED),
    (550, "", Cause.UNCLASSIFIED),
]


@pytest.mark.parametrize(("code", "words", "cause"), CODES)
def test_the_digits_say_whose_fault_it_is(code: int, words: str, cause: Cause) -> None:
    """B2 to B5: address faults blame the address, policy faults us, unknown ones nobody."""
    assert bounce_classification.classify(code, words) is cause


def a_report(status: str, *, action: str = "failed", diagnostic: str = "smtp; 550 5.1.1 no such user") -> bytes:
    """A delivery status notification as servers write it."""
    return (
        "From: MAILER-DAEMON@mx.test\r\nTo: bounce@shop.test\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.test\r\n\r\n"
        f"Final-Recipient: rfc822; p0@example.com\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: {diagnostic}\r\n\r\n--b--\r\n"
    ).encode()


def a_complaint(kind: str = "abuse") -> bytes:
    return (
        "From: fbl@provider.test\r\nSubject: complaint\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: {kind}\r\nVersion: 1\r\n\r\n--b--\r\n"
    ).encode()


@pytest.fixture
def return_path(services: Services, workspace: WorkspaceForTests) -> str:
    """The return path of a message that was sent to p0@example.com."""
    send_id = delivery.a_launched_send(services.database, workspace, 1)
    with services.database.transaction(workspace.id) as session:
        message_id, customer_id = session.execute(
            text(
                "UPDATE messages m SET state = 'sent', sent_at = :now, address_id = c.address_id FROM customers c"
                " WHERE c.id = m.customer_id RETURNING m.id, m.customer_id"
            ),
            {"now": NOON},
        ).one()
    return f"b+{BounceToken(workspace.id, message_id, send_id, customer_id).encode(services.tokens)}@in.shop.test"


@pytest.mark.parametrize(
    ("raw", "state", "is_silent"),
    [
        (a_report("5.1.1"), ("refused", "address"), True),
        (a_report("5.2.2", diagnostic="smtp; 552 5.2.2 full"), ("refused", "mailbox_full"), False),
        (a_report("5.7.1", diagnostic="smtp; 550 5.7.1 policy"), ("refused", "policy"), False),
        (a_report("4.4.1", action="delayed", diagnostic="smtp; 421 slow"), ("sent", None), False),
    ],
)
def test_a_report_to_the_return_path_ends_the_right_thing(
    services: Services,
    workspace: WorkspaceForTests,
    return_path: str,
    raw: bytes,
    state: tuple[str, str | None],
    is_silent: bool,
) -> None:
    """The message is named by its return path alone; the same report twice is one bounce."""
    server = listener.InboundServer(services)
    for _ in range(2):
        server.take([return_path], raw)

    assert delivery.states(services.database, workspace)["p0@example.com"] == state
    with services.database.transaction(workspace.id) as session:
        assert bool(session.scalar(text("SELECT count(*) FROM suppressions"))) is is_silent
        bounced = session.scalar(text("SELECT count(*) FROM activities WHERE name = 'bounced'"))
        assert bounced == (1 if state[0] == "refused" else 0)


@pytest.mark.parametrize(("kind", "stops"), [("abuse", True), ("not-spam", False)])
def test_only_a_complaint_of_abuse_ends_marketing(
    services: Services, workspace: WorkspaceForTests, return_path: str, kind: str, stops: bool
) -> None:
    """B8: one report, twice, is one complaint; a "not spam" changes nothing."""
    server = listener.InboundServer(services)
    for _ in range(2):
        server.take([return_path], a_complaint(kind))

    with services.database.transaction(workspace.id) as session:
        ada = people.find_by_email(session, workspace.id, "p0@example.com")
        assert ada
        may = permission.allows(
            session, workspace.id, ada.id, purpose="marketing", topic_id=workspace.topic_id, now=NOON
        )
        assert may is not stops
        complaints = session.scalar(text("SELECT count(*) FROM activities WHERE name = 'complained'"))
        assert complaints == (1 if stops else 0)


def test_a_forged_return_path_is_no_mailbox_of_ours(services: Services, return_path: str) -> None:
    """A changed token is refused at RCPT, before any content is read."""
    server = listener.InboundServer(services)

    assert server.route(return_path) is not None
    assert server.route(return_path.replace("b+A", "b+B", 1)) is None
    assert server.route(return_path.replace("b+", "r+", 1)) is None


def test_an_answer_to_our_message_is_a_reply(
    services: Services, workspace: WorkspaceForTests, return_path: str
) -> None:
    """A person who answers the return path is heard, not lost."""
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Message-ID"] = "p0@example.com", "Re: Hello", "<1@example.com>"
    mail.set_content("When do you open?")
    listener.InboundServer(services).take([return_path], mail.as_bytes())

    with services.database.transaction(workspace.id) as session:
        assert session.execute(text("SELECT class, excerpt FROM replies")).one() == ("human", "When do you open?")


RUBBISH = [b"", b"\x00\xff" * 50, a_report("5.1.1")[:200], b"Content-Type: multipart/report\r\n\r\n"]


@pytest.mark.parametrize("raw", RUBBISH)
def test_rubbish_is_no_report(raw: bytes) -> None:
    """What cannot be read blames nobody."""
    assert bounce_classification.read_report(parsed_mail.read(raw)) is None
    assert not bounce_classification.is_abuse_report(parsed_mail.read(raw))


@pytest.mark.parametrize(("present", "is_silent"), [("new@example.com", False), ("p0@example.com", True)])
def test_a_late_report_suppresses_the_address_it_names(
    services: Services, workspace: WorkspaceForTests, return_path: str, present: str, is_silent: bool
) -> None:
    """Who has another address by now is written to there; who has not falls silent."""
    with services.database.transaction(workspace.id) as session:
        ada = people.find_by_email(session, workspace.id, "p0@example.com")
        assert ada
        changes.change_email(session, ada, email=present, source="staff", now=NOON)
    listener.InboundServer(services).take([return_path], a_report("5.1.1"))

    with services.database.transaction(workspace.id) as session:
        found = suppression.find_of_customer(session, workspace.id, ada.id)
        assert (found is not None and found.reason == suppression.BOUNCED) is is_silent
        assert session.scalar(text("SELECT count(*) FROM suppressions WHERE reason = 'bounced'")) == 1


@pytest.mark.parametrize("is_somebody_elses", [False, True])
def test_a_complaint_suppresses_the_address_that_the_message_left_to(
    services: Services, workspace: WorkspaceForTests, return_path: str, is_somebody_elses: bool
) -> None:
    """All marketing to the person ends; their present address, and whoever has the former one by now, did nothing."""
    with services.database.transaction(workspace.id) as session:
        ada = people.find_by_email(session, workspace.id, "p0@example.com")
        assert ada
        former = ada.address_digest
        changes.change_email(session, ada, email="new@example.com", source="staff", now=NOON)
        if is_somebody_elses:
            people.upsert(session, workspace.id, email="p0@example.com", fields={}, source="import", now=NOON)
    listener.InboundServer(services).take([return_path], a_complaint())

    with services.database.transaction(workspace.id) as session:
        assert permission.explain(session, workspace.id, ada.id, workspace.topic_id, NOON) is not None
        complained = session.scalars(text("SELECT address_digest FROM suppressions WHERE reason = 'complained'")).all()
        assert complained == ([] if is_somebody_elses else [former])


@pytest.mark.parametrize("is_known", [True, False])
def test_a_report_cannot_suppress_somebody_else(
    services: Services, workspace: WorkspaceForTests, return_path: str, is_known: bool
) -> None:
    """A return path is known to whoever got the mail; it speaks for nobody else, nor for who may sign up one day."""
    with services.database.transaction(workspace.id) as session:
        if is_known:
            people.upsert(session, workspace.id, email="bob@example.com", fields={}, source="import", now=NOON)
    listener.InboundServer(services).take(
        [return_path], a_report("5.1.1").replace(b"p0@example.com", b"bob@example.com")
    )

    with services.database.transaction(workspace.id) as session:
        assert session.scalar(text("SELECT count(*) FROM suppressions")) == 0


ODD_HEADERS = ['To: "', "Message-ID: <", "Cc: team: ada, bob;", "From: =?utf-8?q?=0a?= <a@b.test>", "Reply-To: <@"]


@pytest.mark.parametrize("header", ODD_HEADERS)
def test_a_wish_to_stop_is_heard_however_its_headers_are_written(
    services: Services, workspace: WorkspaceForTests, return_path: str, header: str
) -> None:
    """CAN-SPAM does not ask whether a mail program knows RFC 5322."""
    raw = f"{header}\r\nSubject: Re: Hello\r\n\r\nPlease unsubscribe me\r\n".encode()
    listener.InboundServer(services).take([return_path], raw)

    with services.database.transaction(workspace.id) as session:
        assert session.scalar(text("SELECT class FROM replies")) == "unsubscribe"


def test_a_report_with_a_nul_is_read(services: Services, workspace: WorkspaceForTests, return_path: str) -> None:
    """PostgreSQL holds no NUL, and the server that sent one would try again for days."""
    listener.InboundServer(services).take([return_path], a_report("5.1.1", diagnostic="smtp; 550 5.1.1 no\0body"))

    assert delivery.states(services.database, workspace)["p0@example.com"] == ("refused", "address")


def test_an_unreadable_mail_is_refused_without_a_word_about_us(services: Services, return_path: str) -> None:
    """A maze of parts is not even entered."""
    part = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
    envelope = Envelope()
    envelope.rcpt_tos, envelope.content = [return_path], b"".join(part % (n, n) for n in range(90))

    answer = asyncio.run(listener.InboundServer(services).handle_DATA(None, None, envelope))  # type: ignore[arg-type]

    assert answer == "554 5.6.0 This mail cannot be read: it has too many parts"
