"""People are answered, machines are not mistaken for people, and "stop" means stop."""

from __future__ import annotations

import time

import pytest
from sqlalchemy.orm import Session

from app.consent import actions, permission
from app.consent.ledger.evidence import Evidence
from app.customers.profiles import engagement
from app.tracking.models import ReplyClass
from app.tracking.replies import replies
from app.tracking.replies.classification import classify, own_words
from tests.factories import NOON
from tests.factories.tracking import a_tracked_customer
from tests.factories.workspaces import WorkspaceForTests


@pytest.mark.parametrize(
    ("subject", "text", "headers", "expected"),
    [
        ("Re: Offer", "Do you have it in blue?", {}, ReplyClass.HUMAN),
        ("Re: Offer", "Please stop", {}, ReplyClass.UNSUBSCRIBE),
        ("Re: Offer", "退订", {}, ReplyClass.UNSUBSCRIBE),
        ("unsubscribe", "", {}, ReplyClass.UNSUBSCRIBE),
        ("Re: Offer", "Thanks!\n\nOn Mon, 2 Mar 2026, Shop wrote:\n> unsubscribe here", {}, ReplyClass.HUMAN),
        ("Re: Offer", "Unsubscribe\n\nOn Mon, 2 Mar 2026, Shop wrote:\n> Buy", {}, ReplyClass.UNSUBSCRIBE),
        ("Re: Offer", "Stop by our stand at the fair. " + "We look forward to it. " * 12, {}, ReplyClass.HUMAN),
        ("Re: Offer", "I am away.", {"Auto-Submitted": "auto-replied"}, ReplyClass.AUTO),
        ("Re: Offer", "Stop", {"AUTO-SUBMITTED": "auto-generated; x=y"}, ReplyClass.AUTO),
        ("Re: Offer", "Hi", {"Auto-Submitted": "no"}, ReplyClass.HUMAN),
        ("Re: Offer", "I am away.", {"Precedence": "auto_reply"}, ReplyClass.AUTO),
        ("Read", "", {"Content-Type": "multipart/report; report-type=disposition-notification"}, ReplyClass.AUTO),
        ("Undelivered", "", {"Return-Path": "<>"}, ReplyClass.AUTO),
        ("自动回复：出差", "我在外地", {}, ReplyClass.AUTO),
    ],
)
def test_who_answered(subject: str, text: str, headers: dict[str, str], expected: ReplyClass) -> None:
    assert classify(subject=subject, text=text, headers=headers) is expected


def reply(session: Session, workspace_id: int, customer_id: int, text: str, **headers: str) -> ReplyClass:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return replies.record(
        session,
        workspace_id,
        replies.ReceivedReply(subject="Re: Hi", text=text, headers=named),
        customer_id=customer_id,
        message_id=5,
        now=NOON,
    )


def test_a_person_waits_until_somebody_is_done(session: Session, workspace: WorkspaceForTests) -> None:
    ada = a_tracked_customer(session, workspace.id, purposes=(), now=NOON)
    reply(session, workspace.id, ada, "Is it in stock?")
    (waiting,) = replies.list_waiting(session, workspace.id)
    sums = engagement.get(session, workspace.id, ada)
    replies.finish(session, workspace.id, waiting.id, now=NOON)

    assert (sums.latest_reply_at, sums.latest_human_at) == (NOON, NOON)
    assert replies.count_waiting(session, workspace.id) == 0


def test_a_mail_handed_in_twice_is_one_reply(session: Session, workspace: WorkspaceForTests) -> None:
    ada = a_tracked_customer(session, workspace.id, purposes=(), now=NOON)
    for _ in range(2):
        reply(session, workspace.id, ada, "Hello\0", Message_ID="<1@mail.test>")

    assert replies.count_waiting(session, workspace.id) == 1


def test_stop_ends_every_topic_and_is_no_interest(session: Session, workspace: WorkspaceForTests) -> None:
    """CAN-SPAM: one reply is enough."""
    ada = a_tracked_customer(session, workspace.id, purposes=(), now=NOON)
    yes = Evidence(method="web_form")
    actions.grant(session, workspace.id, ada, topic_id=workspace.topic_id, evidence=yes, now=NOON)
    reply(session, workspace.id, ada, "STOP!")

    assert not permission.allows(session, workspace.id, ada, purpose="marketing", topic_id=workspace.topic_id, now=NOON)
    assert engagement.get(session, workspace.id, ada).latest_human_at is None
    assert replies.count_waiting(session, workspace.id) == 0


def test_an_auto_reply_changes_nothing(session: Session, workspace: WorkspaceForTests) -> None:
    ada = a_tracked_customer(session, workspace.id, purposes=(), now=NOON)
    reply(session, workspace.id, ada, "I am away", Auto_Submitted="auto-replied")

    assert engagement.get(session, workspace.id, ada).latest_human_at is None
    assert replies.count_waiting(session, workspace.id) == 0


@pytest.mark.parametrize("line", ["", " ", "\t", "On", "--- "])
def test_no_reply_takes_long_to_read(line: str) -> None:
    """Whoever got a mail may answer with anything; the endpoint is one process for everybody."""
    began = time.process_time()
    own_words(f"{line}\r\n" * (20_000 // (len(line) + 2)))

    assert time.process_time() - began < 2
