"""Steps: adding, writing, moving, taking out."""

from __future__ import annotations

from flask import g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.journeys import blockers, definitions, mail, steps
from app.journeys.forms import SendForm, StepForm, TaskForm, WaitForm
from app.journeys.models import Journey, JourneyStep
from app.journeys.views.blueprint import bp
from app.journeys.views.planning import people_to_choose
from app.kernel import ids
from app.kernel.refusals import NotFound, Refusal
from app.kernel.services import services
from app.web import guard, shell

FORMS: dict[str, type[StepForm]] = {"send": SendForm, "wait": WaitForm, "task": TaskForm}


@bp.get("/journeys/<int:journey_id>/edit")
@guard.role("marketer")
def edit_journey(journey_id: int) -> ResponseReturnValue:
    """Show the draft's steps, each to be changed."""
    with services().database.transaction(g.workspace.id) as session:
        journey = definitions.get(session, g.workspace.id, journey_id)
        shown = steps.list_shown(session, journey)
        way_in = definitions.trigger_name(session, journey)
        found = blockers.list_for(session, journey, now=services().clock.now())
        is_changed = steps.has_draft(session, journey)
    values = {"journey": journey, "steps": shown, "way_in": way_in, "is_changed": is_changed, "blockers": found}
    return shell.page("journeys/edit.html", **values)


@bp.get("/journeys/<int:journey_id>/steps/new")
@guard.role("marketer")
def new_step(journey_id: int) -> ResponseReturnValue:
    """Show the form for a new step of the kind asked for."""
    with services().database.transaction(g.workspace.id) as session:
        form = _form(session, _kind(), bound=False)
    return _page(journey_id, form, kind=_kind())


@bp.post("/journeys/<int:journey_id>/steps/new")
@guard.role("marketer")
def add_step(journey_id: int) -> ResponseReturnValue:
    """Put the new step into the draft."""
    after, form = request.args.get("after", type=ids.read), None
    try:
        with services().database.transaction(g.workspace.id) as session:
            journey = definitions.get(session, g.workspace.id, journey_id)
            form = _form(session, _kind(), bound=True)
            if form.validate():
                steps.add(session, journey, form.step(), after=after)
                return shell.back(f"/journeys/{journey_id}/edit")
    except Refusal as refusal:
        if form is None:
            raise
        form.refuse(refusal)
    return _page(journey_id, form, kind=_kind()), 422


@bp.get("/journeys/<int:journey_id>/steps/<int:position>")
@guard.role("marketer")
def show_step(journey_id: int, position: int) -> ResponseReturnValue:
    """Show one step to be changed."""
    with services().database.transaction(g.workspace.id) as session:
        journey = definitions.get(session, g.workspace.id, journey_id)
        step = _step(session, journey, position)
        form = _form(session, step.kind, bound=False, step=step)
    return _page(journey_id, form, kind=step.kind, position=position)


@bp.post("/journeys/<int:journey_id>/steps/<int:position>")
@guard.role("marketer")
def change_step(journey_id: int, position: int) -> ResponseReturnValue:
    """Keep a step as it was written."""
    form = None
    try:
        with services().database.transaction(g.workspace.id) as session:
            journey = definitions.get(session, g.workspace.id, journey_id)
            kind = _step(session, journey, position).kind
            form = _form(session, kind, bound=True)
            if form.validate():
                steps.change(session, journey, position, form.step())
                return shell.back(f"/journeys/{journey_id}/edit", _("Step saved."))
    except Refusal as refusal:
        if form is None:
            raise
        form.refuse(refusal)
    return _page(journey_id, form, kind=kind, position=position), 422


@bp.get("/journeys/<int:journey_id>/steps/<int:position>/mail")
@guard.role("viewer")
def show_mail(journey_id: int, position: int) -> ResponseReturnValue:
    """Answer with the mail itself, as it was saved, for a sandboxed frame."""
    with services().database.transaction(g.workspace.id) as session:
        journey = definitions.get(session, g.workspace.id, journey_id)
        step = _step(session, journey, position)
        if step.kind != "send":
            raise NotFound
        shown = mail.show(session, journey, step, public_url=services().settings.public_url)
    return shell.framed(shown.html)


@bp.post("/journeys/<int:journey_id>/steps/<int:position>/move")
@guard.role("marketer")
def move_step(journey_id: int, position: int) -> ResponseReturnValue:
    """Move a step up or down by one."""
    by = -1 if request.form.get("to") == "up" else 1
    with services().database.transaction(g.workspace.id) as session:
        journey = definitions.get(session, g.workspace.id, journey_id)
        steps.move(session, journey, position, by=by)
    return shell.back(f"/journeys/{journey_id}/edit")


@bp.post("/journeys/<int:journey_id>/steps/<int:position>/remove")
@guard.role("marketer")
def remove_step(journey_id: int, position: int) -> ResponseReturnValue:
    """Take a step out."""
    with services().database.transaction(g.workspace.id) as session:
        journey = definitions.get(session, g.workspace.id, journey_id)
        steps.remove(session, journey, position)
    return shell.back(f"/journeys/{journey_id}/edit", _("Step deleted."))


def _kind() -> str:
    kind = request.args.get("kind", "")
    if kind not in FORMS:
        raise NotFound
    return kind


def _form(session: Session, kind: str, *, bound: bool, step: JourneyStep | None = None) -> StepForm:
    if kind == "task":
        owner = {"owner_id": step.owner_id or 0} if step else {}
        form = TaskForm(**owner) if bound else TaskForm(formdata=None, obj=step, **owner)
        form.offer(people_to_choose(session))
        return form
    made: StepForm = FORMS[kind]() if bound else FORMS[kind](formdata=None, obj=step)
    return made


def _step(session: Session, journey: Journey, position: int) -> JourneyStep:
    shown = steps.list_shown(session, journey)
    if not 1 <= position <= len(shown):
        raise NotFound
    return shown[position - 1]


def _page(journey_id: int, form: StepForm, *, kind: str, position: int | None = None) -> str:
    with services().database.transaction(g.workspace.id) as session:
        journey = definitions.get(session, g.workspace.id, journey_id)
    return shell.page("journeys/step.html", journey=journey, form=form, kind=kind, position=position)
