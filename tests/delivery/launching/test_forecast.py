"""What is promised before a launch is what the gate then does, for everybody at once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from app.cadence import policies, quiet_hours
from app.cadence.decide import Cap, Policy, Why
from app.cadence.quiet_hours import Hours
from app.consent import suppression
from app.customers.profiles import people
from app.delivery.gate import CONTACTS_KEPT
from app.delivery.launching import forecast, launches
from app.delivery.launching.forecast import Forecast
from app.delivery.sending import store
from app.kernel.services import Services
from tests.factories import NOON, delivery
from tests.factories.consent import a_topic, consented_customer
from tests.factories.workspaces import WorkspaceForTests

ZONES = (None, "Europe/Berlin", "America/Los_Angeles", "Asia/Shanghai", "Asia/Kolkata", "Not/AZone")
NIGHT = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)
HOURS = Hours(time(21), time(8))


def test_what_is_promised_is_what_the_gate_does(services: Services, workspace: WorkspaceForTests) -> None:
    """Caps, promises old and new, nights, no permission, suppression: forecast and gate agree on every single count."""
    chance = random.Random(20_260_302)
    services.clock.advance(NIGHT - services.clock.now())  # type: ignore[attr-defined]
    with services.database.transaction(workspace.id) as session:
        policies.change(session, workspace.id, Policy(Cap(2, 21), HOURS))
        rare = a_topic(session, workspace.id, name="Rare", limit=2, days=30)
        for number in range(120):
            _somebody(session, workspace, rare.key, rare.id, number, chance)
        everyone = people.base_query(workspace.id)
        told = forecast.of_audience(session, workspace.id, everyone, rare.id, now=NIGHT)
        send = delivery.a_send(session, workspace, topic_id=rare.id)
        launches.launch(session, workspace.id, send.id, everyone, now=NIGHT)
    for lane_id in delivery.lane_ids(services.database, workspace):
        one = store.SendStore(services, workspace.id, lane_id)
        while one.claim():
            pass

    with services.database.transaction(workspace.id) as session:
        rows = session.execute(
            text("SELECT state, reason, due_at FROM messages WHERE send_id = :send"), {"send": send.id}
        ).all()
    happened = Counter(row.reason for row in rows)
    promised = Counter({f"waiting:{wait.why}": 0 for wait in told.waits})
    for wait in told.waits:
        promised[f"waiting:{wait.why}"] += wait.count
    assert happened == promised + Counter(told.reasons) + Counter({None: told.now})
    assert set(happened) >= {None, "waiting:cap", "waiting:promise", "waiting:quiet_hours", "suppressed"}
    for row in rows:
        if row.due_at:
            assert any(
                f"waiting:{wait.why}" == row.reason and wait.first <= row.due_at <= wait.last for wait in told.waits
            )


def test_at_night_nobody_is_promised_now(session: Session, workspace: WorkspaceForTests) -> None:
    """Everybody of a zone waits for its morning; the hour told is the one on their wall."""
    for number in range(3):
        consented_customer(session, workspace.id, email=f"{number}@example.com", time_zone="Europe/Berlin")

    told = _told(session, workspace, now=NIGHT)

    assert told.now == 0
    assert [(wait.why, wait.count, wait.local) for wait in told.waits] == [(Why.QUIET_HOURS, 3, time(8))]
    assert told.waits[0].first == quiet_hours.next_open(NIGHT, HOURS, quiet_hours.zone("Europe/Berlin"))


def test_who_is_over_the_cap_is_not_promised_now(session: Session, workspace: WorkspaceForTests) -> None:
    policies.change(session, workspace.id, Policy(Cap(1, 7)))
    for number in range(2):
        person = consented_customer(session, workspace.id, email=f"{number}@example.com")
        _remember(session, person.id, [NOON - timedelta(days=2)], [99])
    consented_customer(session, workspace.id, email="new@example.com")

    told = _told(session, workspace, now=NOON)

    assert (told.now, told.later, told.mailable) == (1, 2, 3)
    assert [(wait.why, wait.last) for wait in told.waits] == [(Why.CAP, NOON + timedelta(days=5))]


def test_more_people_are_told_in_no_more_statements(session: Session, workspace: WorkspaceForTests) -> None:
    """The rules are asked set-wise: twenty people cost what two cost."""
    costs = []
    for first, last in ((0, 2), (2, 20)):
        for number in range(first, last):
            consented_customer(session, workspace.id, email=f"{number}@example.com")
        session.flush()
        with counted(session) as statements:
            _told(session, workspace, now=NIGHT)
        costs.append(len(statements))

    assert costs[1] <= costs[0]


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    """Collect the statements of this session's connection."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    yield statements
    event.remove(connection, "before_cursor_execute", note)


def _told(session: Session, workspace: WorkspaceForTests, *, now: datetime) -> Forecast:
    return forecast.of_audience(
        session, workspace.id, people.base_query(workspace.id), workspace.topic_id, now=now
    )


def _somebody(
    session: Session, workspace: WorkspaceForTests, topic: str, topic_id: int, number: int, chance: random.Random
) -> None:
    zone, email = chance.choice(ZONES), f"p{number}@example.com"
    if chance.random() < 0.15:
        people.upsert(session, workspace.id, email=email, fields={}, source="test", now=NOON)
        return
    person = consented_customer(session, workspace.id, email=email, topic=topic)
    session.execute(
        text("UPDATE customers SET time_zone = :zone WHERE id = :id"), {"zone": zone, "id": person.id}
    )
    kept = chance.choice((0, 0, 1, 2, 5, CONTACTS_KEPT))
    moments = sorted((NIGHT - timedelta(hours=chance.uniform(1, 24 * 60)) for _ in range(kept)), reverse=True)
    _remember(session, person.id, moments, [chance.choice((topic_id, workspace.topic_id)) for _ in moments])
    if chance.random() < 0.5:
        session.execute(
            text("UPDATE consent_state SET promised_limit = :limit, promised_days = :days WHERE customer_id = :id"),
            {"limit": chance.choice((1, 2, 3)), "days": chance.choice((7, 30, 60)), "id": person.id},
        )
    if chance.random() < 0.1:
        suppression.add(
            session, workspace.id, address_digest=person.address_digest, reason="bounced", source="test", now=NOON
        )


def _remember(session: Session, customer_id: int, moments: list[datetime], topics: list[int]) -> None:
    session.execute(
        text(
            "UPDATE customer_engagement SET recent_contact_at = :at, recent_contact_topic = :topics"
            " WHERE customer_id = :id"
        ),
        {"at": moments, "topics": topics, "id": customer_id},
    )
