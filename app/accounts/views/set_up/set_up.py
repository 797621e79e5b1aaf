"""The checklist of the set-up: one next step at a time, which can be answered, left, skipped and taken up again."""

from __future__ import annotations

from datetime import datetime

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts.set_up import set_up
from app.accounts.set_up.set_up import DISMISSED, PHASES
from app.accounts.views.blueprint import bp
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import errors, guard, shell


@bp.get("/setup")
@guard.role("owner")
def show_set_up() -> ResponseReturnValue:
    """Show how far the six phases are, and the next step."""
    return _page()


@bp.post("/setup/<step>")
@guard.role("owner")
def answer_step(step: str) -> ResponseReturnValue:
    """Keep an answer, or pass the step over; then show the next one."""
    said, now = request.form.get("answer", ""), services().clock.now()
    try:
        with services().database.transaction(g.workspace.id) as session:
            if request.form.get("skip"):
                set_up.skip(session, g.workspace.id, step, staff_id=g.staff.id, now=now)
            else:
                set_up.answer(session, g.workspace.id, step, said, staff_id=g.staff.id, now=now)
    except Refusal as refusal:
        if refusal.field is None:
            raise
        return _page(step, said, errors.say(refusal)), refusal.status
    if step == DISMISSED:
        return shell.back(
            url_for("web.home"), _("The set-up is off Home."), undo=url_for("accounts.take_up_step", step=step)
        )
    return shell.back(url_for("accounts.show_set_up"))


@bp.post("/setup/<step>/again")
@guard.role("owner")
def take_up_step(step: str) -> ResponseReturnValue:
    """Open a step again."""
    with services().database.transaction(g.workspace.id) as session:
        set_up.take_up(session, g.workspace.id, step)
    return shell.back(url_for("web.home") if step == DISMISSED else url_for("accounts.show_set_up", step=step))


def home_panel(session: Session, workspace_id: int, _subject: None, _now: datetime) -> str:
    """Show owners how far the phases are and the one next step, until everything is settled or they wave it off."""
    if g.role != "owner":
        return ""
    progress = set_up.read(session, workspace_id)
    if progress.is_dismissed or progress.is_complete:
        return ""
    return render_template("accounts/set_up_panel.html", progress=progress, phases=PHASES)


def _page(step: str | None = None, said: str | None = None, problem: str = "") -> str:
    wanted = step or request.args.get("step")
    with services().database.transaction(g.workspace.id) as session:
        progress = set_up.read(session, g.workspace.id)
    chosen = next((each for each in progress.states if each.step.key == wanted), None) or progress.next
    return shell.page(
        "accounts/set_up.html",
        progress=progress,
        phases=PHASES,
        chosen=chosen,
        said=said if said is not None else chosen.answer if chosen else "",
        problem=problem,
    )
