"""A stranger who knows a Message-ID cannot suppress its recipient: what anybody can invent changes nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from app.consent import permission
from app.customers.profiles import engagement, people
from app.delivery.inbound.listener import InboundServer
from app.delivery.tokens import BounceToken, MessageToken
from app.kernel.services import Services
from app.kernel.tokens import BadToken
from app.tracking.replies import replies
from tests.delivery.inbound.test_returned import a_complaint, a_report
from tests.factories import NOON, delivery
from tests.factories.workspaces import WorkspaceForTests

INBOX = "two@shop.example"


@pytest.fixture
def ids(services: Services, workspace: WorkspaceForTests) -> tuple[int, int, int]:
    """A message that was sent to p0@example.com: its number, its send's and the person's."""
    send_id = delivery.a_launched_send(services.database, workspace, 1)
    with services.database.transaction(workspace.id) as session:
        message_id, customer_id = session.execute(
            text("UPDATE messages SET state = 'sent', sent_at = :now RETURNING id, customer_id"), {"now": NOON}
        ).one()
    return message_id, send_id, customer_id


def known_to_all(services: Services, workspace: WorkspaceForTests, ids: tuple[int, int, int]) -> str:
    return MessageToken(workspace.id, *ids).encode(services.tokens)


def is_untouched(services: Services, workspace: WorkspaceForTests, ids: tuple[int, int, int]) -> bool:
    """The message is sent, the address open, the permission whole, and nobody counts as having answered."""
    with services.database.transaction(workspace.id) as session:
        may = permission.allows(
            session, workspace.id, ids[2], purpose="marketing", topic_id=workspace.topic_id, now=NOON
        )
        silent = session.scalar(text("SELECT count(*) FROM suppressions"))
        sums = engagement.get(session, workspace.id, ids[2])
    state = delivery.states(services.database, workspace)["p0@example.com"]
    return bool(may) and not silent and state == ("sent", None) and sums.latest_reply_at is None


def kinds(services: Services, workspace: WorkspaceForTests) -> list[str]:
    with services.database.transaction(workspace.id) as session:
        return list(session.scalars(text("SELECT name FROM activities ORDER BY id")))


def test_a_return_path_cannot_be_told_from_a_message_id(
    services: Services, workspace: WorkspaceForTests, ids: tuple[int, int, int]
) -> None:
    """Everybody who is answered sees the one; the other stays on the way."""
    message, bounce = (kind(workspace.id, *ids).encode(services.tokens) for kind in (MessageToken, BounceToken))

    assert message != bounce
    with pytest.raises(BadToken):
        BounceToken.decode(services.tokens, message, now=NOON)


@pytest.mark.parametrize("raw", [a_report("5.1.1"), a_complaint()])
def test_a_report_that_names_a_message_id_alone_changes_nothing(
    services: Services, workspace: WorkspaceForTests, ids: tuple[int, int, int], raw: bytes
) -> None:
    """It silenced the person for good; now it is noted, once."""
    token = known_to_all(services, workspace, ids)
    named = raw.replace(b"From:", b"In-Reply-To: <" + token.encode() + b"@shop.example>\r\nFrom:", 1)
    for _ in range(3):
        for to in (f"b+{token}@in.test", INBOX):
            assert InboundServer(services).take([to], named) == "250 2.0.0 Ok"

    assert is_untouched(services, workspace, ids)
    assert kinds(services, workspace) == ["complaint_unverified"]


def test_a_report_that_gives_the_return_path_back_is_believed_wherever_it_comes(
    services: Services, workspace: WorkspaceForTests, ids: tuple[int, int, int]
) -> None:
    """Feedback loops write to one address for all, and quote the mail."""
    token = BounceToken(workspace.id, *ids).encode(services.tokens)
    raw = a_complaint().replace(b"Version: 1", b"Version: 1\r\nOriginal-Mail-From: <b+" + token.encode() + b"@in.test>")

    assert InboundServer(services).take([INBOX], raw) == "250 2.0.0 Ok"
    assert kinds(services, workspace)[-1:] == ["complained"]


@pytest.mark.parametrize(
    ("results", "is_believed"),
    [
        ("mx.shop.example; dkim=pass header.d=yahoo.com", True),
        ("mx.shop.example; spf=pass; dkim=pass (2048) header.i=@arf.mail.yahoo.com header.s=s", True),
        ("mx.shop.example; dkim=fail header.d=yahoo.com", False),
        ("mx.shop.example; dkim=pass header.d=notyahoo.com", False),
        ("evil.example; dkim=pass header.d=yahoo.com", False),
        ("", False),
    ],
)
def test_only_our_own_servers_word_makes_a_reporter_known(
    services: Services, workspace: WorkspaceForTests, ids: tuple[int, int, int], results: str, is_believed: bool
) -> None:
    """RFC 8601, section 5: whoever writes a mail can write such a header too."""
    token = known_to_all(services, workspace, ids).encode()
    raw = b"Authentication-Results: " + results.encode() + b"\r\nIn-Reply-To: <" + token + b"@x>\r\n" + a_complaint()
    given = replace(services, settings=replace(services.settings, authserv_id="mx.shop.example"))
    InboundServer(given).take([INBOX], raw)

    assert is_untouched(services, workspace, ids) is not is_believed


def answer(token: str, words: str, *, sender: str, number: int = 1) -> bytes:
    return (
        f"From: Ann <{sender}>\r\nMessage-ID: <{number}@mail.test>\r\nIn-Reply-To: <{token}@shop.example>\r\n"
        f"Subject: Re: News\r\n\r\n{words}\r\n"
    ).encode()


def test_sixty_forged_answers_are_twenty_that_count_for_nobody(
    services: Services, workspace: WorkspaceForTests, ids: tuple[int, int, int]
) -> None:
    """From other addresses, by a Message-ID: kept for a person to read, up to a number, as nobody's interest."""
    token = known_to_all(services, workspace, ids)
    answers = [
        InboundServer(services).take([INBOX], answer(token, "Unsubscribe", sender="evil@else.test", number=number))[:3]
        for number in range(60)
    ]

    assert answers == ["250"] * replies.MOST_PER_MESSAGE + ["550"] * (60 - replies.MOST_PER_MESSAGE)
    assert is_untouched(services, workspace, ids)
    with services.database.transaction(workspace.id) as session:
        waiting = replies.list_waiting(session, workspace.id, limit=100)
    assert len(waiting) == replies.MOST_PER_MESSAGE
    assert all(each.may_unsubscribe and not each.is_verified for each in waiting)


def test_the_persons_own_request_is_heard_after_all_of_them(
    services: Services, workspace: WorkspaceForTests, ids: tuple[int, int, int]
) -> None:
    token = known_to_all(services, workspace, ids)
    for number in range(25):
        InboundServer(services).take([INBOX], answer(token, "Hello", sender="evil@else.test", number=number))
    said = InboundServer(services).take([INBOX], answer(token, "Unsubscribe", sender="P0@example.com", number=99))

    assert said == "250 2.0.0 Ok"
    with services.database.transaction(workspace.id) as session:
        ada = people.find_by_email(session, workspace.id, "p0@example.com")
        assert ada
        assert not permission.allows(
            session, workspace.id, ada.id, purpose="marketing", topic_id=workspace.topic_id, now=NOON
        )


@pytest.mark.parametrize(("results", "counts"), [("mx.test; dmarc=pass header.from=example.com", True), ("", False)])
def test_where_our_server_checks_senders_an_unchecked_one_is_nobody(
    services: Services, workspace: WorkspaceForTests, ids: tuple[int, int, int], results: str, counts: bool
) -> None:
    token = known_to_all(services, workspace, ids)
    raw = b"Authentication-Results: " + results.encode() + b"\r\n" + answer(token, "How nice", sender="p0@example.com")
    InboundServer(replace(services, settings=replace(services.settings, authserv_id="mx.test"))).take([INBOX], raw)

    with services.database.transaction(workspace.id) as session:
        assert (engagement.get(session, workspace.id, ids[2]).latest_reply_at is not None) is counts
