"""The steps of the guided set-up in the six phases of building a customer database, and how far each phase is.

A step is a question, whose answer is kept, or something to be done elsewhere, which is looked up each time. Either may
be passed over, and taken up again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.set_up.models import SetUpAnswer
from app.kernel import extensions
from app.kernel.page_links import PageLink
from app.kernel.refusals import NotFound, Refusal
from app.kernel.translatable import N_, MessageId

# From the first thought to everyday care, as the literature on customer databases orders them.
PHASES: dict[str, MessageId] = {
    "planning": N_("Planning"),
    "design": N_("Design"),
    "loading": N_("Loading"),
    "testing": N_("Testing"),
    "use": N_("Use"),
    "upkeep": N_("Upkeep"),
}
LONGEST_ANSWER = 1000
DISMISSED = "dismissed"
# (session, workspace id) -> whether it is done
IsDone = Callable[[Session, int], bool]


class AnswerRefused(Refusal):
    """An answer is a sentence or two."""

    status = 422
    message = N_("Write an answer of at most 1,000 characters, or skip the step.")


@dataclass(frozen=True)
class Step:
    """One step: a question where nothing says that it is done elsewhere; `page` is where that is."""

    key: str
    phase: str
    label: MessageId
    hint: MessageId
    page: PageLink | None = None
    is_done: IsDone | None = None
    # Nothing can be sent before it is done, so it cannot be passed over.
    is_needed: bool = False


@dataclass(frozen=True)
class SetUpSteps:
    """The steps of all rooms, in the order they are taken."""

    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class StepState:
    """A step of a workspace: done, passed over, or open; and what was answered."""

    step: Step
    is_done: bool
    is_skipped: bool = False
    answer: str = ""

    @property
    def is_open(self) -> bool:
        """Say whether it waits for somebody."""
        return not (self.is_done or self.is_skipped)


@dataclass(frozen=True)
class Progress:
    """How far a workspace's set-up is."""

    states: tuple[StepState, ...]
    is_dismissed: bool

    @property
    def next(self) -> StepState | None:
        """Return the one step to take now: the first that is open."""
        return next((each for each in self.states if each.is_open), None)

    @property
    def is_complete(self) -> bool:
        """Say whether no step is open."""
        return self.next is None

    def of_phase(self, phase: str) -> tuple[StepState, ...]:
        """Return the steps of a phase."""
        return tuple(each for each in self.states if each.step.phase == phase)

    def settled(self, phase: str) -> tuple[int, int]:
        """Return how many steps of a phase are done or passed over, and how many there are."""
        states = self.of_phase(phase)
        return sum(not each.is_open for each in states), len(states)

    def missing_to_send(self) -> tuple[StepState, ...]:
        """Return what has to be there before the first send, and is not."""
        return tuple(each for each in self.states if each.step.is_needed and each.is_open)


def read(session: Session, workspace_id: int) -> Progress:
    """Return how far the set-up is now."""
    query = select(SetUpAnswer).where(SetUpAnswer.workspace_id == workspace_id)
    kept = {row.step: row for row in session.scalars(query)}
    return Progress(
        tuple(_state(session, workspace_id, step, kept.get(step.key)) for step in _steps(session)),
        DISMISSED in kept,
    )


def answer(session: Session, workspace_id: int, key: str, said: str, *, staff_id: int, now: datetime) -> None:
    """Keep the answer to a question; raise NotFound, AnswerRefused."""
    step = _step(session, key)
    clean = said.replace("\0", "").strip()
    if step.is_done is not None:
        raise NotFound
    if not clean or len(clean) > LONGEST_ANSWER:
        raise AnswerRefused(field="answer")
    _keep(session, workspace_id, key, clean, is_skipped=False, now=now)
    _note(session, workspace_id, "set_up.answered", key, staff_id=staff_id, now=now)


def skip(session: Session, workspace_id: int, key: str, *, staff_id: int, now: datetime) -> None:
    """Pass a step over, or the guide itself (`dismissed`); raise NotFound, also for what a first send needs."""
    if key != DISMISSED and _step(session, key).is_needed:
        raise NotFound
    _keep(session, workspace_id, key, "", is_skipped=True, now=now)
    _note(session, workspace_id, "set_up.skipped", key, staff_id=staff_id, now=now)


def take_up(session: Session, workspace_id: int, key: str) -> None:
    """Open a step again that was answered or passed over, or the guide itself."""
    session.execute(delete(SetUpAnswer).where(SetUpAnswer.workspace_id == workspace_id, SetUpAnswer.step == key))


def _state(session: Session, workspace_id: int, step: Step, kept: SetUpAnswer | None) -> StepState:
    is_done = step.is_done(session, workspace_id) if step.is_done else bool(kept and not kept.is_skipped)
    return StepState(step, is_done, bool(kept and kept.is_skipped and not is_done), kept.answer if kept else "")


def _steps(session: Session) -> tuple[Step, ...]:
    return extensions.of(session, SetUpSteps).steps


def _step(session: Session, key: str) -> Step:
    found = next((each for each in _steps(session) if each.key == key), None)
    if found is None:
        raise NotFound
    return found


def _keep(
    session: Session, workspace_id: int, key: str, said: str, *, is_skipped: bool, now: datetime
) -> None:
    values = {"answer": said, "is_skipped": is_skipped, "answered_at": now}
    keeping = insert(SetUpAnswer).values(workspace_id=workspace_id, step=key, **values)
    session.execute(keeping.on_conflict_do_update(index_elements=["workspace_id", "step"], set_=values))


def _note(session: Session, workspace_id: int, action: str, key: str, *, staff_id: int, now: datetime) -> None:
    audit.record(
        session,
        workspace_id,
        staff_id=staff_id,
        action=action,
        subject_kind="workspace",
        subject_id=workspace_id,
        details={"step": key},
        now=now,
    )
