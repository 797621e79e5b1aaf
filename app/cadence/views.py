"""The settings pages for frequency caps and quiet hours."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, g, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.accounts import audit
from app.cadence import policies
from app.cadence.forms import PolicyForm
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, shell

bp = Blueprint("cadence", __name__, template_folder="templates")


def settings_panel(session: Session, workspace_id: int, subject: None, now: datetime) -> str:
    """Draw the rules in force as sentences."""
    return render_template("cadence/panel.html", policy=policies.get(session, workspace_id))


@bp.get("/settings/frequency")
@guard.role("owner")
def edit() -> str:
    form = PolicyForm()
    with services().database.transaction(g.workspace.id) as session:
        form.fill(policies.get(session, g.workspace.id))
    form.show()
    return shell.page("cadence/edit.html", form=form)


@bp.post("/settings/frequency")
@guard.role("owner")
def change() -> str | Response:
    form = PolicyForm()
    if form.validate_on_submit():
        try:
            _change(form)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            there = url_for("accounts.show_settings")
            return shell.back(there, _("Saved. It applies to every mail that is not sent yet."))
    return shell.page("cadence/edit.html", form=form)


def _change(form: PolicyForm) -> None:
    with services().database.transaction(g.workspace.id) as session:
        current = PolicyForm(formdata=None)
        current.fill(policies.hold(session, g.workspace.id))
        form.rebase(current)
        policies.change(session, g.workspace.id, form.policy())
        audit.record(
            session,
            g.workspace.id,
            staff_id=g.staff.id,
            action="cadence.changed",
            subject_kind="workspace",
            subject_id=g.workspace.id,
            now=services().clock.now(),
        )
