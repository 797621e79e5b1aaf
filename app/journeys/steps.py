"""Steps of a journey: editing happens on the draft; a published version never changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.customers.profiles import fields
from app.journeys import definitions
from app.journeys.models import Journey, JourneyStep
from app.kernel.refusals import NotFound, Refusal
from app.rendering import brands
from app.rendering.language import syntax
from app.rendering.sources import templates
from app.rendering.sources.formats import Format

MOST_STEPS = 60
LONGEST_WAIT = 365


class StepRefused(Refusal):
    """The step lacks something, or has too much of it."""

    status = 422
    message = "This step is not complete."


class TooManySteps(Refusal):
    """Nobody can keep such a journey in mind."""

    message = "A journey has at most 60 steps."


@dataclass(frozen=True)
class Step:
    """What staff write about one step; which fields count depends on its kind."""

    kind: str
    wait_days: int | None = None
    format: str | None = None
    subject: str | None = None
    preheader: str | None = None
    source: str | None = None
    title: str | None = None
    owner_id: int | None = None


def send(subject: str, source: str, *, preheader: str = "", written_in: str = "markdown") -> Step:
    """A mail."""
    return Step("send", subject=subject, source=source, preheader=preheader, format=written_in)


def wait(days: int) -> Step:
    """A pause of so many days."""
    return Step("wait", wait_days=days)


def task(title: str, owner_id: int | None = None) -> Step:
    """Something one of the staff is to do."""
    return Step("task", title=title, owner_id=owner_id)


def list_shown(session: Session, journey: Journey) -> list[JourneyStep]:
    """Return the steps of the draft, or those published last when nothing is being edited."""
    draft = list_version(session, journey, journey.version + 1)
    return draft if draft or journey.is_edited else list_version(session, journey, journey.version)


def list_version(session: Session, journey: Journey, version: int) -> list[JourneyStep]:
    """Return the steps of one version in their order."""
    query = select(JourneyStep).where(
        JourneyStep.workspace_id == journey.workspace_id,
        JourneyStep.journey_id == journey.id,
        JourneyStep.version == version,
    )
    newest = query.order_by(JourneyStep.position).execution_options(populate_existing=True)
    return list(session.scalars(newest))


def has_draft(session: Session, journey: Journey) -> bool:
    """Say whether there are changes that were not published yet; taking out the only step is one."""
    return journey.is_edited or bool(list_version(session, journey, journey.version + 1))


def add(session: Session, journey: Journey, step: Step, *, after: int | None = None) -> JourneyStep:
    """Put a step behind position `after` (None: at the end); raise StepRefused, TooManySteps."""
    values = _checked(session, journey.workspace_id, step)
    draft = _draft(session, journey)
    if len(draft) >= MOST_STEPS:
        raise TooManySteps
    made = JourneyStep(workspace_id=journey.workspace_id, journey_id=journey.id, version=journey.version + 1, **values)
    place = len(draft) if after is None else min(after, len(draft))
    draft.insert(place, made)
    session.add(made)
    _number(session, draft)
    return made


def change(session: Session, journey: Journey, position: int, step: Step) -> None:
    """Rewrite the step at a position; its kind stays. Raise StepRefused, NotFound."""
    values = _checked(session, journey.workspace_id, step)
    found = _at(_draft(session, journey), position)
    if found.kind != step.kind:
        raise NotFound
    for name, value in values.items():
        setattr(found, name, value)
    session.flush()


def move(session: Session, journey: Journey, position: int, *, by: int) -> None:
    """Move a step up (-1) or down (1); at the edge it stays."""
    draft = _draft(session, journey)
    step = _at(draft, position)
    draft.remove(step)
    draft.insert(max(0, min(position - 1 + by, len(draft))), step)
    _number(session, draft)


def remove(session: Session, journey: Journey, position: int) -> None:
    """Take a step out of the draft; people on published versions still meet it."""
    draft = _draft(session, journey)
    step = _at(draft, position)
    draft.remove(step)
    session.delete(step)
    session.flush()
    _number(session, draft)


def _draft(session: Session, journey: Journey) -> list[JourneyStep]:
    """Return the draft's steps, begun as a copy of what is published. Others who edit it wait until we are done."""
    definitions.hold(session, journey.workspace_id, journey.id)
    draft = list_version(session, journey, journey.version + 1)
    if draft or journey.is_edited:
        return draft
    journey.is_edited = True
    names = Step.__dataclass_fields__
    for published in list_version(session, journey, journey.version):
        copied = JourneyStep(
            workspace_id=journey.workspace_id,
            journey_id=journey.id,
            version=journey.version + 1,
            position=published.position,
            **{name: getattr(published, name) for name in names},
        )
        session.add(copied)
        draft.append(copied)
    session.flush()
    return draft


def _at(draft: Sequence[JourneyStep], position: int) -> JourneyStep:
    if not 1 <= position <= len(draft):
        raise NotFound
    return draft[position - 1]


def _number(session: Session, draft: Sequence[JourneyStep]) -> None:
    for position, step in enumerate(draft, start=1):
        step.position = position
    session.flush()


def _checked(session: Session, workspace_id: int, step: Step) -> dict[str, object]:
    """Return the fields that count for this kind, clean."""
    values: dict[str, object] = dict.fromkeys(asdict(step))
    values["kind"] = step.kind
    if step.kind == "wait":
        if not 1 <= (step.wait_days or 0) <= LONGEST_WAIT:
            raise StepRefused("Wait between 1 and 365 days.", field="wait_days")
        return values | {"wait_days": step.wait_days}
    if step.kind == "task":
        definitions.require_member(session, workspace_id, step.owner_id)
        return values | {"title": _line(step.title, "title"), "owner_id": step.owner_id}
    return values | _checked_content(session, workspace_id, step)


def _checked_content(session: Session, workspace_id: int, step: Step) -> dict[str, object]:
    if step.kind != "send" or step.format not in set(Format):
        raise NotFound
    source = step.source or ""
    if not source.strip() or "\0" in source:
        raise StepRefused("Write the mail.", field="source")
    content = {"subject": _line(step.subject, "subject"), "preheader": " ".join((step.preheader or "").split())}
    known = {field.key for field in fields.list_custom(session, workspace_id)}
    for field, text in content.items():
        for problem in syntax.check(text, kind="line", known_fields=known):
            raise StepRefused(problem.msgid, field=field, **problem.values)
    workspace = workspaces.get(session, workspace_id)
    brand = brands.of_workspace(workspace, workspace.language)
    problems = templates.problems_of(step.format, source, brand=brand, known_fields=known)
    if problems:
        raise templates.SourceInvalid(problems)
    return {**content, "format": step.format, "source": source}


def _line(text: str | None, field: str) -> str:
    clean = " ".join((text or "").split())
    if not 0 < len(clean) <= 500:
        raise StepRefused("Write one line of at most 500 characters.", field=field)
    return clean
