"""The page behind an invitation's link, which accepts it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, make_response, redirect, url_for
from flask.typing import ResponseReturnValue

from app.accounts import invitations, staff, workspaces
from app.accounts.forms import KnownInvitationForm, NewInvitationForm
from app.accounts.sign_in import sessions
from app.accounts.tokens import InvitationToken
from app.accounts.views.blueprint import bp
from app.accounts.views.sign_in.authentication import remember
from app.accounts.views.sign_in.login_throttle import require_attempts_left
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, shell


@dataclass(frozen=True)
class Offer:
    """What the invited person reads before joining."""

    workspace: str
    email: str
    role: str
    has_account: bool


@bp.get("/invitations/<token>")
@guard.token(InvitationToken)
def show_invitation(token: str) -> ResponseReturnValue:
    """Show what the invitation offers; nothing changes yet."""
    offer = _offer(g.token)
    form = KnownInvitationForm() if offer.has_account else NewInvitationForm()
    return shell.page("accounts/invitation.html", sender=offer.workspace, offer=offer, form=form)


@bp.post("/invitations/<token>")
@guard.token(InvitationToken, checks_csrf=True)
def accept_invitation(token: str) -> ResponseReturnValue:
    """Let the invited person in, with a new account or the one they have."""
    offer = _offer(g.token)
    form = KnownInvitationForm() if offer.has_account else NewInvitationForm()
    try:
        if form.validate():
            return remember(make_response(redirect(url_for("web.home"), 303)), _joined(g.token, offer, form))
    except Refusal as refusal:
        form.refuse(refusal)
    return shell.page("accounts/invitation.html", sender=offer.workspace, offer=offer, form=form), 422


def _offer(token: InvitationToken) -> Offer:
    with services().database.transaction(token.workspace_id) as session:
        found = invitations.find_open(session, token.workspace_id, token.invitation_id, now=services().clock.now())
        known = staff.find_by_email(session, found.email)
        name = workspaces.get(session, token.workspace_id).name
        return Offer(name, found.email, found.role, known is not None)


def _joined(token: InvitationToken, offer: Offer, form: KnownInvitationForm | NewInvitationForm) -> str:
    require_attempts_left(offer.email)
    now, password = services().clock.now(), form.password.data or ""
    with services().database.transaction(token.workspace_id) as session:
        if isinstance(form, NewInvitationForm):
            name = form.name.data or ""
            member = invitations.accept_as_new(
                session, token.workspace_id, token.invitation_id, name=name, password=password, now=now
            )
        else:
            member = invitations.accept_as_known(
                session, token.workspace_id, token.invitation_id, password=password, now=now
            )
        return sessions.open_for(session, member.id, workspace_id=token.workspace_id, now=now)
