"""The workspace's own settings."""

from __future__ import annotations

from flask import g, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts import workspaces
from app.accounts.forms import WorkspaceForm
from app.accounts.views.blueprint import bp, settings_tabs
from app.accounts.views.panels import SettingsPanels
from app.accounts.workspaces import Profile
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, shell


@bp.get("/settings")
@guard.role("viewer")
def show_settings() -> ResponseReturnValue:
    """Show the settings of the workspace, and of every room that has some, to its owners."""
    if g.role != "owner":
        return redirect(url_for("accounts.show_password"), 303)
    with services().database.transaction(g.workspace.id) as session:
        form = WorkspaceForm(obj=workspaces.get(session, g.workspace.id))
    form.show()
    return _page(form)


@bp.post("/settings")
@guard.role("owner")
def change_settings() -> ResponseReturnValue:
    """Keep the settings as filled in."""
    form = WorkspaceForm()
    try:
        if form.validate():
            _keep(form)
            return shell.back(url_for("accounts.show_settings"), _("Settings saved."))
    except Refusal as refusal:
        form.refuse(refusal)
    return _page(form, status=422)


def _page(form: WorkspaceForm, status: int = 200) -> ResponseReturnValue:
    return shell.page(
        "accounts/workspace.html",
        form=form,
        more_settings=services().extensions.get(SettingsPanels).render(None),
        tabs=settings_tabs(),
    ), status


def _keep(form: WorkspaceForm) -> None:
    with services().database.transaction(g.workspace.id) as session:
        form.rebase(WorkspaceForm(formdata=None, obj=workspaces.hold(session, g.workspace.id)))
        profile = Profile(
            name=form.name.data or "",
            legal_name=form.legal_name.data or "",
            sender_name=form.sender_name.data or "",
            sender_address=form.sender_address.data or "",
            reply_to=form.reply_to.data or None,
            postal_address=form.postal_address.data or "",
            time_zone=form.time_zone.data or "",
            language=form.language.data or "",
            activity_months=form.activity_months.data or 0,
            import_file_days=form.import_file_days.data or 0,
            daily_people=form.daily_people.data or 0,
        )
        workspaces.change(session, g.workspace.id, profile, staff_id=g.staff.id, now=services().clock.now())
