"""Two who edit one journey at the same time: every step and every change is kept, and no page crashes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.orm import Session

from app.journeys import definitions, steps
from app.journeys.definitions import Plan
from app.journeys.models import Journey
from app.kernel.database import Database
from tests.factories import NOON
from tests.factories.journeys import a_journey
from tests.factories.turns import until_somebody_waits
from tests.factories.workspaces import WorkspaceForTests

Edit = Callable[[Session, Journey], object]


def one_after_the_other(
    database: Database, workspace: WorkspaceForTests, journey_id: int, first: Edit, second: Edit
) -> list[tuple[int, str]]:
    """Let the second begin while the first is not committed, both having read the journey; return the draft."""

    def later() -> None:
        with database.transaction(workspace.id) as session:
            journey = definitions.get(session, workspace.id, journey_id)
            steps.list_shown(session, journey)
            second(session, journey)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction(workspace.id) as session:
            first(session, definitions.get(session, workspace.id, journey_id))
            waiting = pool.submit(later)
            until_somebody_waits(database, session)
        waiting.result()
    with database.transaction(workspace.id) as session:
        journey = definitions.get(session, workspace.id, journey_id)
        return [(step.position, step.subject or step.title or "wait") for step in steps.list_shown(session, journey)]


def add(title: str) -> Edit:
    return lambda session, journey: steps.add(session, journey, steps.task(title))


@pytest.mark.parametrize("is_live", [False, True])
def test_steps_that_two_add_at_once_are_both_kept_in_one_draft(
    database: Database, workspace: WorkspaceForTests, is_live: bool
) -> None:
    """What was published is copied into the draft once, although both found no draft; no position is taken twice."""
    with database.transaction(workspace.id) as session:
        made = a_journey(session, workspace, is_live=is_live).id

    found = one_after_the_other(database, workspace, made, add("Mine"), add("Yours"))
    assert found == [(1, "First"), (2, "wait"), (3, "Second"), (4, "Mine"), (5, "Yours")]


@pytest.mark.parametrize("is_live", [False, True])
@pytest.mark.parametrize(
    ("second", "left"),
    [
        (lambda session, journey: steps.move(session, journey, 1, by=1), ["Second", "wait"]),
        (lambda session, journey: steps.remove(session, journey, 1), ["Second"]),
        (lambda session, journey: steps.change(session, journey, 1, steps.wait(3)), ["wait", "Second"]),
    ],
)
def test_who_edits_a_step_waits_for_the_other_and_sees_the_new_order(
    database: Database, workspace: WorkspaceForTests, is_live: bool, second: Edit, left: list[str]
) -> None:
    """The first step was taken out meanwhile: the positions are counted anew, without a gap or a double."""
    with database.transaction(workspace.id) as session:
        made = a_journey(session, workspace, is_live=is_live).id

    found = one_after_the_other(
        database, workspace, made, lambda session, journey: steps.remove(session, journey, 1), second
    )
    assert found == list(enumerate(left, start=1))


def test_who_changes_a_journey_waits_for_who_changes_it_now(database: Database, workspace: WorkspaceForTests) -> None:
    with database.transaction(workspace.id) as session:
        made = a_journey(session, workspace, is_live=False).id

    def name(new: str) -> Edit:
        plan = Plan(new, "topic", workspace.topic_id, workspace.topic_id)
        return lambda session, journey: definitions.change(
            session, workspace.id, journey.id, plan, staff_id=None, now=NOON
        )

    one_after_the_other(database, workspace, made, name("First"), name("Second"))
    with database.transaction(workspace.id) as session:
        assert definitions.get(session, workspace.id, made).name == "Second"
