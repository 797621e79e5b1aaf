"""Steps: adding, writing, moving, taking out."""

from __future__ import annotations

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.journeys import blockers, definitions, drafts, mail
from app.journeys.forms import StepForm, TaskForm
from app.journeys.steps.kinds import AnyStep
from app.journeys.steps.send import Send
from app.journeys.steps.task import Task
from app.journeys.views.blueprint import bp
from app.journeys.views.kinds import KINDS
from app.journeys.views.planning import people_to_choose
from app.kernel.refusals import NotFound, Refusal
from app.kernel.services import services
from app.web import guard, shell


@bp.get("/journeys/<int:journey_id>/edit")
@guard.role("marketer")
def edit_journey(journey_id: int) -> ResponseReturnValue:
    """Show the draft's steps, each to be changed."""
    with services().database.transaction(g.workspace.id) as session:
        journey = definitions.get(session, g.workspace.id, journey_id)
        values = {
            "journey": journey,
            "flow": drafts.shown(session, journey).in_order(),
            "way_in": definitions.trigger_name(session, journey),
            "blockers": blockers.list_for(session, journey, now=services().clock.now()),
            "is_changed": drafts.exists(session, journey),
        }
    return shell.page("journeys/edit.html", kinds=KINDS, **values)


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
    """Put the new step into the draft, behind the step `after` or at the end."""
    form = None
    try:
        with services().database.transaction(g.workspace.id) as session:
            journey = definitions.get(session, g.workspace.id, journey_id)
            form = _form(session, _kind(), bound=True)
            if form.validate():
                drafts.add(session, journey, form.step(), after=request.args.get("after") or None)
                return shell.back(_editor(journey_id))
    except Refusal as refusal:
        if form is None:
            raise
        form.refuse(refusal)
    return _page(journey_id, form, kind=_kind()), 422


@bp.get("/journeys/<int:journey_id>/steps/<step_id>")
@guard.role("marketer")
def show_step(journey_id: int, step_id: str) -> ResponseReturnValue:
    """Show one step to be changed."""
    with services().database.transaction(g.workspace.id) as session:
        journey = definitions.get(session, g.workspace.id, journey_id)
        step = drafts.shown(session, journey).get(step_id)
        form = _form(session, step.kind, bound=False, step=step)
    return _page(journey_id, form, kind=step.kind, step_id=step_id)


@bp.post("/journeys/<int:journey_id>/steps/<step_id>")
@guard.role("marketer")
def change_step(journey_id: int, step_id: str) -> ResponseReturnValue:
    """Keep a step as it was written."""
    form = None
    try:
        with services().database.transaction(g.workspace.id) as session:
            journey = definitions.get(session, g.workspace.id, journey_id)
            step = drafts.shown(session, journey).get(step_id)
            form = _form(session, step.kind, bound=True, step=step)
            if form.validate():
                drafts.change(session, journey, step_id, form.step())
                return shell.back(_editor(journey_id), _("Step saved."))
    except Refusal as refusal:
        if form is None:
            raise
        form.refuse(refusal)
    return _page(journey_id, form, kind=step.kind, step_id=step_id), 422


@bp.get("/journeys/<int:journey_id>/steps/<step_id>/mail")
@guard.role("viewer")
def show_mail(journey_id: int, step_id: str) -> ResponseReturnValue:
    """Answer with the mail itself, as it was saved, for a sandboxed frame."""
    with services().database.transaction(g.workspace.id) as session:
        journey = definitions.get(session, g.workspace.id, journey_id)
        step = drafts.shown(session, journey).get(step_id)
        if not isinstance(step, Send):
            raise NotFound
        shown = mail.show(session, journey, step, public_url=services().settings.public_url)
    return shell.framed(shown.html)


@bp.post("/journeys/<int:journey_id>/steps/<step_id>/move")
@guard.role("marketer")
def move_step(journey_id: int, step_id: str) -> ResponseReturnValue:
    """Move a step up or down by one."""
    by = -1 if request.form.get("to") == "up" else 1
    with services().database.transaction(g.workspace.id) as session:
        journey = definitions.get(session, g.workspace.id, journey_id)
        drafts.move(session, journey, step_id, by=by)
    return shell.back(_editor(journey_id))


@bp.post("/journeys/<int:journey_id>/steps/<step_id>/remove")
@guard.role("marketer")
def remove_step(journey_id: int, step_id: str) -> ResponseReturnValue:
    """Take a step out."""
    with services().database.transaction(g.workspace.id) as session:
        journey = definitions.get(session, g.workspace.id, journey_id)
        drafts.remove(session, journey, step_id)
    return shell.back(_editor(journey_id), _("Step deleted."))


def _editor(journey_id: int) -> str:
    return url_for("journeys.edit_journey", journey_id=journey_id)


def _kind() -> str:
    kind = request.args.get("kind", "")
    if kind not in KINDS:
        raise NotFound
    return kind


def _form(session: Session, kind: str, *, bound: bool, step: AnyStep | None = None) -> StepForm:
    made = KINDS[kind].form() if bound else KINDS[kind].form(formdata=None, obj=step)
    if isinstance(made, TaskForm):
        if not bound:
            made.owner_id.data = (step.owner_id or 0) if isinstance(step, Task) else 0
        made.offer(people_to_choose(session))
    return made


def _page(journey_id: int, form: StepForm, *, kind: str, step_id: str | None = None) -> str:
    with services().database.transaction(g.workspace.id) as session:
        journey = definitions.get(session, g.workspace.id, journey_id)
    values = {"journey": journey, "form": form, "kind": kind, "title": KINDS[kind].title, "step_id": step_id}
    return shell.page("journeys/step.html", **values)
