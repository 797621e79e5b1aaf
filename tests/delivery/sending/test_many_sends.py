"""Sends are moved together, in the order of their ids, and as cheaply for many as for one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.profiles import people
from app.delivery.launching import launches
from app.delivery.launching.assignments import Arm, Assignment
from app.delivery.launching.occasions import Occasion
from app.delivery.models import SendState
from app.delivery.sending import recovery, send_queries, sends
from app.kernel.database import Database
from app.kernel.refusals import NotFound
from app.kernel.services import Services
from tests.factories import NOON, delivery
from tests.factories.waiting_locks import until_somebody_waits
from tests.factories.workspaces import WorkspaceForTests

Statements = Callable[[], AbstractContextManager[list[str]]]


def running_sends(session: Session, workspace: WorkspaceForTests, count: int) -> list[int]:
    """So many sends of one occasion, launched together to sixty people, some for each."""
    source_id = 1 + (session.scalar(text("SELECT count(*) FROM occasions")) or 0)
    occasion = Occasion.campaign(source_id, 1)
    found = [delivery.a_send(session, workspace, source_id=source_id, occasion=occasion).id for _ in range(count)]
    delivery.an_audience(session, workspace, 60, prefix=f"s{source_id}n")
    assignment = Assignment(tuple(Arm(send_id, number) for number, send_id in enumerate(found, 1)))
    launches.launch_assigned(session, workspace.id, assignment, people.base_query(workspace.id), now=NOON)
    return found


def states(session: Session, send_ids: list[int]) -> list[tuple[str, str | None]]:
    query = text("SELECT state, pause_reason FROM sends WHERE id = ANY(:ids) ORDER BY id")
    return [tuple(row) for row in session.execute(query, {"ids": send_ids})]


def test_each_goes_back_to_where_it_was(session: Session, workspace: WorkspaceForTests) -> None:
    """Paused for different reasons, resumed together, and paused again: every one for its own."""
    first, second, third = running_sends(session, workspace, 3)
    assert sends.pause_many(session, workspace.id, [first], reason="outage") == [first]
    assert sends.pause_many(session, workspace.id, [first, second]) == [second]
    before = states(session, [first, second, third])

    resumed = sends.resume_many(session, workspace.id, [third, second, first])
    assert resumed == {first: "outage", second: "staff"}
    assert {state for state, _ in states(session, [first, second, third])} == {"running"}

    assert sends.pause_again(session, workspace.id, resumed) == [first, second]
    assert states(session, [first, second, third]) == before


def test_only_what_was_paused_for_the_reason_is_resumed(session: Session, workspace: WorkspaceForTests) -> None:
    first, second = running_sends(session, workspace, 2)
    sends.pause_many(session, workspace.id, [first], reason="outage")
    sends.pause_many(session, workspace.id, [second])

    assert sends.resume_many(session, workspace.id, [first, second], paused_for=sends.STAFF) == {second: "staff"}
    assert states(session, [first, second]) == [("paused", "outage"), ("running", None)]


def test_a_cancelling_of_many_is_taken_back_whole_or_not_at_all(session: Session, workspace: WorkspaceForTests) -> None:
    together = running_sends(session, workspace, 3)
    sends.pause_many(session, workspace.id, together[:1], reason="content_refused")
    before = states(session, together)
    cancelled = sends.cancel_many(session, workspace.id, together, now=NOON)
    assert cancelled.pause_reasons == {together[0]: "content_refused", together[1]: None, together[2]: None}
    assert cancelled.messages == 60

    assert sends.restart_many(session, workspace.id, cancelled.pause_reasons, now=NOON) == 60
    assert states(session, together) == before
    with pytest.raises(sends.NotRunning):
        sends.restart_many(session, workspace.id, cancelled.pause_reasons, now=NOON)


def test_one_that_is_not_there_is_told_from_one_that_does_not_run(
    session: Session, workspace: WorkspaceForTests
) -> None:
    (only,) = running_sends(session, workspace, 1)
    with pytest.raises(sends.NotRunning):
        sends.resume(session, workspace.id, only)
    with pytest.raises(NotFound):
        sends.pause(session, workspace.id, only + 1_000)


@pytest.mark.parametrize("act", ["pause_many", "resume_many", "cancel_many"])
def test_six_cost_as_many_statements_as_one(
    database: Database, workspace: WorkspaceForTests, statements: Statements, act: str
) -> None:
    costs = []
    for count in (1, 6):
        with database.transaction(workspace.id) as session:
            together = running_sends(session, workspace, count)
            if act == "resume_many":
                sends.pause_many(session, workspace.id, together)
        with database.transaction(workspace.id) as session, statements() as asked:
            when = {"now": NOON} if act == "cancel_many" else {}
            getattr(sends, act)(session, workspace.id, together, **when)
        costs.append(len(asked))

    assert costs[1] == costs[0]


def test_six_variants_are_launched_in_as_many_statements_as_two(
    database: Database, workspace: WorkspaceForTests, statements: Statements
) -> None:
    costs = []
    for count in (2, 6):
        with database.transaction(workspace.id) as session:
            occasion = Occasion.campaign(100 + count, 1)
            together = [delivery.a_send(session, workspace, occasion=occasion).id for _ in range(count)]
            delivery.an_audience(session, workspace, 20, prefix=f"v{count}n")
        assignment = Assignment(tuple(Arm(send_id, number) for number, send_id in enumerate(together, 1)))
        with database.transaction(workspace.id) as session, statements() as asked:
            audience = people.base_query(workspace.id)
            launches.launch_assigned(session, workspace.id, assignment, audience, now=NOON)
        costs.append(len(asked))

    assert costs[1] == costs[0]


def test_the_sweep_waits_for_no_send_that_somebody_moves(services: Services, workspace: WorkspaceForTests) -> None:
    """Whoever holds a send may go on to its batches and messages: the sweep leaves the send for the next time."""
    send_id = delivery.a_launched_send(services.database, workspace, 1)
    with services.database.transaction(workspace.id) as session:
        session.execute(text("UPDATE messages SET state = 'skipped', reason = 'erased'"))
        session.execute(text("UPDATE batches SET state = 'done'"))

    def sweep() -> None:
        with services.database.transaction(workspace.id) as session:
            recovery.sweep(session, workspace.id, now=NOON + timedelta(minutes=1))

    with services.database.transaction(workspace.id) as session:
        session.execute(text("SELECT FROM sends WHERE id = :id FOR UPDATE"), {"id": send_id})
        sweep()
    assert state_of(services.database, workspace, send_id) == SendState.RUNNING

    sweep()
    assert state_of(services.database, workspace, send_id) == SendState.DONE


def test_the_sweep_locks_sends_before_batches(services: Services, workspace: WorkspaceForTests) -> None:
    """A campaign that is over is closed while somebody still holds the batches of another."""
    over = delivery.a_launched_send(services.database, workspace, 1)
    with services.database.transaction(workspace.id) as session:
        session.execute(text("UPDATE messages SET state = 'skipped', reason = 'erased'"))
        session.execute(text("UPDATE batches SET state = 'done'"))
        other = delivery.a_send(session, workspace, source_id=2)
        launches.launch(session, workspace.id, other.id, people.base_query(workspace.id), now=NOON)
        session.execute(text("UPDATE messages SET state = 'handed' WHERE send_id = :id"), {"id": other.id})
        leased = "UPDATE batches SET state = 'leased', holder = 'x', lease_until = 'epoch' WHERE send_id = :id"
        session.execute(text(leased), {"id": other.id})

    def sweep() -> None:
        with services.database.transaction(workspace.id) as session:
            recovery.sweep(session, workspace.id, now=NOON + timedelta(minutes=1))

    with ThreadPoolExecutor(1) as pool:
        with services.database.transaction(workspace.id) as session:
            session.execute(text("SELECT FROM messages WHERE send_id = :id FOR UPDATE"), {"id": other.id})
            sweeping = pool.submit(sweep)
            until_somebody_waits(services.database, session)
            # The sweep waits for the message and holds the send that is over, and nothing in between was skipped.
            free = session.scalar(text("SELECT count(*) FROM (SELECT id FROM sends FOR UPDATE SKIP LOCKED) free"))
        sweeping.result()

    assert free == 1
    assert state_of(services.database, workspace, over) == SendState.DONE


def state_of(database: Database, workspace: WorkspaceForTests, send_id: int) -> str:
    with database.transaction(workspace.id) as session:
        return send_queries.progress_of(session, workspace.id, send_id).state
