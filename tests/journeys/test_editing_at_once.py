"""Two who edit one journey at the same time: every step and every change is kept, and no page crashes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.orm import Session

from app.journeys import definitions, drafts
from app.journeys.definitions import Plan
from app.journeys.models import Journey
from app.journeys.steps.kinds import AnyStep
from app.journeys.steps.task import Task
from app.journeys.steps.wait import Wait
from app.kernel.database import Database
from app.kernel.refusals import NotFound
from tests.factories import NOON
from tests.factories.journeys import a_journey, a_mail, step_ids
from tests.factories.waiting_locks import until_somebody_waits
from tests.factories.workspaces import WorkspaceForTests

Edit = Callable[[Session, Journey], object]
StepEdit = Callable[[Session, Journey, str], object]


def one_after_the_other(
    database: Database, workspace: WorkspaceForTests, journey_id: int, first: Edit, second: Edit
) -> list[tuple[int, str]]:
    """Let the second begin while the first is not committed, both having read the journey; return the draft."""

    def later() -> None:
        with database.transaction(workspace.id) as session:
            journey = definitions.get(session, workspace.id, journey_id)
            drafts.shown(session, journey).in_order()
            second(session, journey)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction(workspace.id) as session:
            first(session, definitions.get(session, workspace.id, journey_id))
            waiting = pool.submit(later)
            until_somebody_waits(database, session)
        waiting.result()
    with database.transaction(workspace.id) as session:
        journey = definitions.get(session, workspace.id, journey_id)
        return [(each.number, words(each.step)) for each in drafts.shown(session, journey).in_order()]


def words(step: AnyStep) -> str:
    return getattr(step, "subject", None) or getattr(step, "title", "wait")


def at(number: int, edit: StepEdit) -> Edit:
    """The edit of the step with this number."""
    return lambda session, journey: edit(session, journey, step_ids(session, journey)[number - 1])


def add(title: str) -> Edit:
    return lambda session, journey: drafts.add(session, journey, Task(title=title))


@pytest.mark.parametrize("is_live", [False, True])
def test_steps_that_two_add_at_once_are_both_kept_in_one_draft(
    database: Database, workspace: WorkspaceForTests, is_live: bool
) -> None:
    """What was published is copied into the draft once, although both found no draft; no step comes twice."""
    with database.transaction(workspace.id) as session:
        made = a_journey(session, workspace, is_live=is_live).id

    found = one_after_the_other(database, workspace, made, add("Mine"), add("Yours"))
    assert found == [(1, "First"), (2, "wait"), (3, "Second"), (4, "Mine"), (5, "Yours")]


@pytest.mark.parametrize("is_live", [False, True])
@pytest.mark.parametrize(
    ("second", "left"),
    [
        (lambda session, journey, step: drafts.move(session, journey, step, by=1), ["Second", "wait"]),
        (drafts.remove, ["Second"]),
        (lambda session, journey, step: drafts.change(session, journey, step, Wait(days=3)), ["wait", "Second"]),
    ],
)
def test_who_edits_a_step_waits_for_the_other_and_sees_the_new_order(
    database: Database, workspace: WorkspaceForTests, is_live: bool, second: StepEdit, left: list[str]
) -> None:
    """The step before it was taken out meanwhile: the edit finds its step by its id, and nothing is lost or doubled."""
    with database.transaction(workspace.id) as session:
        made = a_journey(session, workspace, is_live=is_live).id

    found = one_after_the_other(database, workspace, made, at(1, drafts.remove), at(2, second))
    assert found == list(enumerate(left, start=1))


def test_who_edits_a_step_that_is_being_taken_out_is_told(database: Database, workspace: WorkspaceForTests) -> None:
    """They do not change whatever came into its place."""
    with database.transaction(workspace.id) as session:
        made = a_journey(session, workspace, is_live=False).id

    rewrite = at(1, lambda session, journey, step: drafts.change(session, journey, step, a_mail("Late", "Late")))
    with pytest.raises(NotFound):
        one_after_the_other(database, workspace, made, at(1, drafts.remove), rewrite)


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
