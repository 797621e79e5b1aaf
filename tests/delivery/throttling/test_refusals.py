"""A refusal that blames us speaks for a domain once several of its people met it, for nobody else, and not for ever."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.cadence import policies
from app.cadence.decide import Policy
from app.customers.profiles import people
from app.delivery.inbound.bounce_classification import Cause, classify
from app.delivery.launching import launches
from app.delivery.sending import lanes, recovery
from app.delivery.throttling import provider_refusals
from app.kernel.clock import FixedClock
from app.kernel.services import Services
from tests.factories import NOON, delivery
from tests.factories.consent import consented_customer
from tests.factories.workspaces import WorkspaceForTests

OURS = "550 5.7.26 unauthenticated"
CLOSED = "closed.example"


def a_launch(services: Services, workspace: WorkspaceForTests, number: int, *, now: datetime = NOON) -> None:
    """The next send to everybody."""
    with services.database.transaction(workspace.id) as session:
        policies.change(session, workspace.id, Policy())
        send = delivery.a_send(session, workspace, source_id=number, now=now)
        launches.launch(session, workspace.id, send.id, people.base_query(workspace.id), now=now)


def several_at(services: Services, workspace: WorkspaceForTests, count: int, domain: str = CLOSED) -> None:
    with services.database.transaction(workspace.id) as session:
        for number in range(count):
            consented_customer(session, workspace.id, email=f"c{number}@{domain}")


def send_all(services: Services, workspace: WorkspaceForTests, folder: Path, *rules: dict[str, Any]) -> list[str]:
    """Lay what is due, let senders work until nothing is, and return whom the server took mail for."""
    with services.database.transaction(workspace.id) as session:
        recovery.sweep(session, workspace.id, now=services.clock.now())
    with delivery.a_sink(folder, *rules) as sink:
        delivery.run_lanes(delivery.services_to(services, sink), workspace)
        taken = sink.recipients()
    sink.dump.unlink(missing_ok=True)
    return taken


def states_at(services: Services, workspace: WorkspaceForTests, domain: str) -> list[tuple[str, str | None]]:
    query = text(
        "SELECT m.state, m.reason FROM messages m JOIN customers c"
        " ON c.workspace_id = m.workspace_id AND c.id = m.customer_id"
        " WHERE m.workspace_id = :w AND c.email LIKE :of ORDER BY 1, 2"
    )
    with services.database.transaction(workspace.id) as session:
        found = session.execute(query, {"w": workspace.id, "of": f"%@{domain}"})
        return [(row.state, row.reason) for row in found]


def resting(services: Services, workspace: WorkspaceForTests) -> list[str]:
    with services.database.transaction(workspace.id) as session:
        return [each.domain for each in provider_refusals.list_resting(session, workspace.id)]


def test_one_recipients_refusal_pauses_nobody_elses_mail(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path
) -> None:
    """One person's own filter says 5.7.1 too: neither lane nor domain stops for it, and nobody is suppressed."""
    delivery.a_launched_send(services.database, workspace, 120)

    taken = send_all(services, workspace, tmp_path, {"at": "dot", "to": "p5@", "reply": "550 5.7.1 not wanted here"})

    assert len(taken) == 119
    assert delivery.states(services.database, workspace)["p5@example.com"] == ("refused", "policy")
    assert resting(services, workspace) == []
    with services.database.transaction(workspace.id) as session:
        assert not [lane for lane in lanes.health(session, workspace.id) if lane.pause_reason]
        assert session.scalar(text("SELECT count(*) FROM suppressions")) == 0


def test_a_domain_that_refuses_several_people_rests_alone_and_is_tried_with_one_mail(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path, clock: FixedClock
) -> None:
    """Everybody else's mail leaves. After a rest one message tries the domain; a no doubles the rest, a yes ends it."""
    rule = {"at": "dot", "to": f"@{CLOSED}", "reply": OURS}
    several_at(services, workspace, 4)
    delivery.a_launched_send(services.database, workspace, 20)
    assert len(send_all(services, workspace, tmp_path, rule)) == 20
    assert resting(services, workspace) == [CLOSED]

    several_at(services, workspace, 9)
    a_launch(services, workspace, 2)
    assert {address.partition("@")[2] for address in send_all(services, workspace, tmp_path)} == {"example.com"}
    assert states_at(services, workspace, CLOSED) == [
        *[("queued", "deferred:policy")] * 9,
        *[("refused", "policy")] * 4,
    ]

    clock.advance(provider_refusals.FIRST_REST)
    assert send_all(services, workspace, tmp_path, rule) == []
    assert states_at(services, workspace, CLOSED).count(("refused", "policy")) == 5
    clock.advance(provider_refusals.FIRST_REST)
    assert send_all(services, workspace, tmp_path) == []

    clock.advance(provider_refusals.FIRST_REST)
    assert len(send_all(services, workspace, tmp_path)) == 1
    assert resting(services, workspace) == []
    clock.advance(provider_refusals.BEHIND_A_TRIAL)
    assert len(send_all(services, workspace, tmp_path)) == 7
    with services.database.transaction(workspace.id) as session:
        assert session.scalar(text("SELECT count(*) FROM suppressions")) == 0


def test_a_domain_that_takes_most_mail_is_not_left_alone_for_a_few_refusals(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path
) -> None:
    """The refusals are spread over the mail: three among the very first answers would speak for their domain."""
    delivery.a_launched_send(services.database, workspace, 120)

    own_filters = [{"at": "dot", "to": f"p{number}@", "reply": OURS} for number in (30, 50, 70, 90, 110)]
    taken = send_all(services, workspace, tmp_path, *own_filters)

    assert len(taken) == 115
    assert resting(services, workspace) == []


def test_staff_may_end_a_rest_and_see_what_was_said(  # type: ignore[no-untyped-def]
    client, services: Services, workspace: WorkspaceForTests, tmp_path: Path
) -> None:
    several_at(services, workspace, 4)
    a_launch(services, workspace, 1)
    send_all(services, workspace, tmp_path, {"at": "dot", "to": f"@{CLOSED}", "reply": OURS})
    for page in ("/", "/settings"):
        assert OURS in client.get(page).text

    values = {"identity_id": str(workspace.identity_id), "domain": CLOSED}
    assert client.post("/settings/sending/domains/resume", data=values).status_code == 303

    assert resting(services, workspace) == []
    assert OURS not in client.get("/settings").text


def test_a_relay_that_refuses_us_is_tried_again_by_itself_with_one_connection(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path, clock: FixedClock
) -> None:
    delivery.a_launched_send(services.database, workspace, 3)
    lane_id = delivery.lane_ids(services.database, workspace)[0]
    for rest in (provider_refusals.FIRST_REST, 2 * provider_refusals.FIRST_REST):
        send_all(services, workspace, tmp_path, {"at": "mail", "reply": "530 5.7.0 Authentication required"})
        with services.database.transaction(workspace.id) as session:
            lane = lanes.get(session, workspace.id, lane_id)
            assert lane.paused_until == clock.now() + rest
            assert "5.7.0" in (lane.pause_reason or "")
        clock.advance(rest)

    assert len(send_all(services, workspace, tmp_path)) == 3
    with services.database.transaction(workspace.id) as session:
        assert lanes.get(session, workspace.id, lane_id).paused_at is None


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        ("550 User unknown", Cause.ADDRESS),
        ("550 <a@b.example>: Recipient address rejected: User unknown in local recipient table", Cause.ADDRESS),
        ("550 No such user here", Cause.ADDRESS),
        ("550 Requested action not taken: mailbox unavailable", Cause.ADDRESS),
        ("550 Mailbox not found", Cause.ADDRESS),
        ("550 The email account that you tried to reach does not exist.", Cause.ADDRESS),
        ("553 sorry, no mailbox here by that name", Cause.ADDRESS),
        ("550 This account has been disabled or discontinued", Cause.ADDRESS),
        ("550 Empfänger unbekannt", Cause.ADDRESS),
        ("550 用户不存在", Cause.ADDRESS),
        ("554 Your access has been rejected due to the sending MTA's poor reputation", Cause.POLICY),
        ("550 Message rejected as spam", Cause.POLICY),
        ("554 Service unavailable; Client host [192.0.2.1] blocked using zen.example.org", Cause.POLICY),
        ("550 SPF check failed", Cause.POLICY),
        ("550 User unknown or blocked for spam", Cause.UNCLASSIFIED),
        ("550 rejected", Cause.UNCLASSIFIED),
        ("554 Transaction failed", Cause.UNCLASSIFIED),
        ("550 5.1.1 blocked", Cause.ADDRESS),
        ("550 5.0.0 User unknown", Cause.UNCLASSIFIED),
        ("552 Mailbox full", Cause.MAILBOX_FULL),
        ("450 User unknown", Cause.THROTTLED),
    ],
)
def test_a_plain_refusal_is_read_by_its_words(reply: str, cause: Cause) -> None:
    """Where there is an enhanced code, that one decides; where there is none, words that say one thing only."""
    code, _, words = reply.partition(" ")

    assert classify(int(code), words) is cause


def test_an_address_refused_without_a_reason_three_times_in_a_row_is_suppressed(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path, clock: FixedClock
) -> None:
    """One such answer says nothing about the mailbox; a mail that is taken in between starts the count afresh."""
    refuse = {"at": "rcpt", "to": "c0@", "reply": "550 rejected"}
    several_at(services, workspace, 2)
    for number, rules in enumerate([(refuse,), (refuse,), (), (refuse,), (refuse,)]):
        a_launch(services, workspace, number, now=clock.now())
        send_all(services, workspace, tmp_path, *rules)
        clock.advance(timedelta(days=11))
    with services.database.transaction(workspace.id) as session:
        assert session.scalar(text("SELECT count(*) FROM suppressions")) == 0

    a_launch(services, workspace, 9, now=clock.now())
    send_all(services, workspace, tmp_path, refuse)

    with services.database.transaction(workspace.id) as session:
        reasons = session.execute(text("SELECT reason, count(*) FROM suppressions GROUP BY 1")).all()
    assert reasons == [("bounced", 1)]


@given(refused=st.integers(0, 60), taken=st.integers(0, 10_000))
def test_few_people_and_small_parts_are_never_evidence(refused: int, taken: int) -> None:
    if provider_refusals.is_evident(refused, taken):
        assert refused >= 3
        assert not provider_refusals.is_evident(refused, taken + 5 * refused)
        assert provider_refusals.is_evident(refused + 1, taken)


def test_rests_grow_and_end_within_a_day() -> None:
    rests = [provider_refusals.rest(backoffs) for backoffs in range(40)]

    assert rests[0] == timedelta(minutes=15)
    assert rests == sorted(rests)
    assert rests[-1] == timedelta(days=1)
