"""What bounds a sender: the pace its identity allows, the frequency people were promised, the relay's own no."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app.accounts.identities import identities, relays
from app.cadence import policies
from app.cadence.decide import Policy
from app.customers.profiles import people
from app.delivery.gate import CONTACTS_KEPT
from app.delivery.launching import forecast, launches
from app.delivery.sending import lanes, store
from app.delivery.throttling.rate_limit import RateLimit
from app.kernel.services import Services
from app.kernel.settings import Key
from tests.factories import NOON, delivery
from tests.factories.consent import a_topic, consented_customer
from tests.factories.workspaces import WorkspaceForTests

KEYS = (Key(1, b"k" * 32),)


def test_an_identitys_senders_share_what_it_may_send(services: Services, workspace: WorkspaceForTests) -> None:
    """Mail for two providers leaves through two lanes; together they keep to the number staff set."""
    with services.database.transaction(workspace.id) as session:
        identity = identities.get(session, workspace.id, workspace.identity_id)
        identity.rate_per_second, identity.max_connections = 10, 4
        for address in ("ada@gmail.com", "bob@example.com"):
            consented_customer(session, workspace.id, email=address)
        send = delivery.a_send(session, workspace)
        launches.launch(session, workspace.id, send.id, people.base_query(workspace.id), now=NOON)
    first, second = (
        store.SendStore(services, workspace.id, lane_id) for lane_id in delivery.lane_ids(services.database, workspace)
    )

    alone = first.open()
    assert first.claim()
    beside = second.open()
    assert second.claim()

    assert alone
    assert (alone.rate, alone.connections) == (10.0, 4)
    assert beside
    assert (beside.rate, beside.connections) == (5.0, 2)
    assert first.rate() == 5.0
    second.close()
    assert first.rate() == 10.0


def test_a_shared_limit_never_lifts_what_the_provider_slowed_down() -> None:
    pace = RateLimit(40.0, now=0.0)
    pace.limit_to(20.0)
    assert pace.group == 10
    pace.deferred(now=1.0)
    slowed = pace.group

    pace.limit_to(40.0)

    assert pace.group == slowed < 10


@pytest.mark.parametrize("reply", ["550 5.1.8 sender domain not found", "530 5.7.0 Authentication required"])
def test_a_sender_the_relay_refuses_costs_nobody_their_mail(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path, reply: str
) -> None:
    """Before a recipient was named nothing can be a recipient's fault: the lane stops, the mail waits."""
    delivery.a_launched_send(services.database, workspace, 30)
    lane_id = delivery.lane_ids(services.database, workspace)[0]
    with delivery.a_sink(tmp_path, {"at": "mail", "reply": reply}) as sink:
        delivery.run_lanes(delivery.services_to(services, sink), workspace)
    with services.database.transaction(workspace.id) as session:
        assert reply[4:] in (lanes.get(session, workspace.id, lane_id).pause_reason or "")

    assert {state for state, _ in delivery.states(services.database, workspace).values()} == {"queued"}


def test_a_promise_is_kept_however_much_else_was_sent(services: Services, workspace: WorkspaceForTests) -> None:
    """More contacts than are kept beside a person do not make the sender forget a rare topic's promise."""
    rare = timedelta(days=90)
    with services.database.transaction(workspace.id) as session:
        policies.change(session, workspace.id, Policy())
        topic = a_topic(session, workspace.id, name="Rare", limit=1, days=rare.days)
        ada = consented_customer(session, workspace.id, topic=topic.key)
        earlier = delivery.a_send(session, workspace, topic_id=topic.id)
        others = [delivery.a_send(session, workspace) for _ in range(CONTACTS_KEPT)]
        moments = [NOON - timedelta(days=70), *(NOON - timedelta(days=60 - day) for day in range(CONTACTS_KEPT))]
        for send, at in zip([earlier, *others], moments, strict=True):
            session.execute(
                text(
                    "INSERT INTO messages"
                    " (workspace_id, send_id, customer_id, occasion_id, state, permission_seq, contact_at, sent_at)"
                    " VALUES (:workspace, :send, :customer, :occasion, 'sent', 1, :at, :at)"
                ),
                {
                    "workspace": workspace.id,
                    "send": send.id,
                    "occasion": send.occasion_id,
                    "customer": ada.id,
                    "at": at,
                },
            )
        session.execute(
            text(
                "UPDATE customer_engagement SET recent_contact_at = :at, recent_contact_topic = :topics"
                " WHERE customer_id = :customer"
            ),
            {
                "at": sorted(moments[1:], reverse=True),
                "topics": [workspace.topic_id] * CONTACTS_KEPT,
                "customer": ada.id,
            },
        )
        send = delivery.a_send(session, workspace, topic_id=topic.id)
        everyone = people.base_query(workspace.id)
        told = forecast.of_audience(session, workspace.id, everyone, topic.id, now=NOON)
        launches.launch(session, workspace.id, send.id, everyone, now=NOON)

    assert store.SendStore(services, workspace.id, delivery.lane_ids(services.database, workspace)[0]).claim() == []
    with services.database.transaction(workspace.id) as session:
        query = text("SELECT reason, due_at FROM messages WHERE send_id = :send")
        assert tuple(session.execute(query, {"send": send.id}).one()) == ("waiting:promise", moments[0] + rare)
    assert [(wait.why, wait.first) for wait in told.waits] == [("promise", moments[0] + rare)]


@pytest.mark.parametrize(
    "url", ["smtp://me:pw@mail.example?verify=no", "smtp://me:pw@mail.example?tls=none", "http://x"]
)
def test_a_relay_that_no_sender_could_use_is_refused_when_typed(
    services: Services, workspace: WorkspaceForTests, url: str
) -> None:
    with pytest.raises(relays.BadRelay):
        relays.from_url(url)
    with services.database.transaction(workspace.id) as session, pytest.raises(identities.RelayRefused):
        identities.set_relay(
            session,
            workspace.id,
            workspace.identity_id,
            smtp_url=url,
            keys=KEYS,
            staff_id=workspace.owner_id,
            now=NOON,
        )
