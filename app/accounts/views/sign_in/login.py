"""Login, logout, and the page of one's own password."""

from __future__ import annotations

from flask import g, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts import memberships, staff
from app.accounts.forms import LoginForm, PasswordForm
from app.accounts.sign_in import sessions
from app.accounts.views.blueprint import bp, settings_tabs
from app.accounts.views.sign_in.authentication import COOKIE, forget, remember
from app.accounts.views.sign_in.login_throttle import require_attempts_left
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, shell


@bp.get("/login")
@guard.public("Whoever logs in is not known yet.")
def login() -> ResponseReturnValue:
    """Show the way in."""
    if guard.identify():
        return redirect(guard.safe_next(request.args.get("next")))
    return shell.page("accounts/login.html", sender="Assent", form=LoginForm())


@bp.post("/login")
@guard.public("Whoever logs in is not known yet.", checks_csrf=True)
def log_in() -> ResponseReturnValue:
    """Let somebody in who shows address and password."""
    form = LoginForm()
    if not form.validate():
        return shell.page("accounts/login.html", sender="Assent", form=form), 422
    try:
        token = _proven(form.email.data or "", form.password.data or "")
    except Refusal as refusal:
        form.refuse(refusal)
        return shell.page("accounts/login.html", sender="Assent", form=form), 422
    return remember(make_response(redirect(guard.safe_next(request.args.get("next")))), token)


@bp.post("/logout")
@guard.public("Leaving must work whatever state the session is in.", checks_csrf=True)
def log_out() -> ResponseReturnValue:
    """End this browser's session."""
    with services().database.transaction(None) as session:
        sessions.close(session, request.cookies.get(COOKIE, ""))
    return forget(make_response(redirect(url_for("accounts.login"))))


@bp.get("/settings/password")
@guard.role("viewer")
def show_password() -> ResponseReturnValue:
    """Show the form for a new password."""
    return shell.page("accounts/password.html", form=PasswordForm(), tabs=settings_tabs())


@bp.post("/settings/password")
@guard.role("viewer")
def change_password() -> ResponseReturnValue:
    """Change one's own password: every session ends, and this browser gets a new one."""
    form = PasswordForm()
    try:
        if form.validate():
            token = _changed(form.current.data or "", form.password.data or "")
            message = _("Your password is changed. Every other browser is logged out.")
            return remember(make_response(shell.back(url_for("accounts.show_password"), message)), token)
    except Refusal as refusal:
        form.refuse(refusal)
    return shell.page("accounts/password.html", form=form, tabs=settings_tabs()), 422


def _proven(email: str, password: str) -> str:
    require_attempts_left(email)
    database, now = services().database, services().clock.now()
    with database.transaction(None) as session:
        member = staff.authenticate(session, email=email, password=password)
    with database.transaction(None, actor_id=member.id) as session:
        held = memberships.list_staff_memberships(session, member.id)
        workspace_id = held[0].workspace_id if held else None
        return sessions.open_for(session, member.id, workspace_id=workspace_id, now=now)


def _changed(current: str, new: str) -> str:
    require_attempts_left(g.staff.email)
    now = services().clock.now()
    with services().database.transaction(None) as session:
        staff.change_password(session, g.staff.id, current=current, new=new, now=now)
        return sessions.open_for(session, g.staff.id, workspace_id=g.workspace.id, now=now)
