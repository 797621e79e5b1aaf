"""The action that switches to another workspace."""

from __future__ import annotations

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.accounts.sign_in import sessions
from app.accounts.views.blueprint import bp
from app.accounts.views.sign_in.authentication import COOKIE
from app.kernel.refusals import NotFound
from app.kernel.services import services
from app.web import guard


@bp.post("/workspaces/<int:workspace_id>/enter")
@guard.signed_in
def enter(workspace_id: int) -> ResponseReturnValue:
    """Work in another workspace from now on, if one is a member of it."""
    if workspace_id not in {each.workspace_id for each in g.memberships}:
        raise NotFound
    with services().database.transaction(None) as session:
        found = sessions.find(session, request.cookies.get(COOKIE, ""), now=services().clock.now())
        if found:
            sessions.enter(session, found.id, workspace_id=workspace_id)
    return redirect(url_for("web.home"), 303)
