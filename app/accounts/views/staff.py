"""The page of the team: members, their roles, invitations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import g, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts import invitations, memberships
from app.accounts.forms import InviteForm, RoleForm
from app.accounts.memberships import Member
from app.accounts.views.blueprint import bp, settings_tabs
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import errors, guard, shell


@dataclass(frozen=True)
class Invited:
    """Who was asked just now, and the link if it may be seen here."""

    email: str
    link: str | None


@bp.get("/settings/staff")
@guard.role("owner")
def show_staff() -> ResponseReturnValue:
    """Show who works here and who was asked to."""
    return _page(InviteForm(formdata=None))


@bp.post("/settings/staff")
@guard.role("owner")
def invite() -> ResponseReturnValue:
    """Ask somebody to join; the link is mailed, and shown this once if it is of use to its owner only."""
    form, invited = InviteForm(), None
    try:
        if form.validate():
            invited = _invited(form)
            form = InviteForm(formdata=None)
    except Refusal as refusal:
        form.refuse(refusal)
    return _page(form, invited=invited, status=200 if invited else 422)


@bp.post("/settings/staff/<int:staff_id>/role")
@guard.role("owner")
def change_role(staff_id: int) -> ResponseReturnValue:
    """Give a member another role; what cannot be is said beside that member."""
    form = RoleForm()
    try:
        with services().database.transaction(g.workspace.id) as session:
            memberships.change(
                session,
                g.workspace.id,
                staff_id,
                form.role.data,
                changed_by=g.staff.id,
                now=services().clock.now(),
                personal_data=form.personal_data.data or memberships.EXPORTED,
            )
    except memberships.LastOwner as refusal:
        return _refused(staff_id, refusal, form)
    # Whoever gave up being owner may not see this page any more.
    is_own = staff_id == g.staff.id and form.role.data != "owner"
    return shell.back(url_for("web.home") if is_own else url_for("accounts.show_staff"), _("The role is changed."))


@bp.post("/settings/staff/<int:staff_id>/remove")
@guard.role("owner")
def remove(staff_id: int) -> ResponseReturnValue:
    """End somebody's membership; what cannot be is said beside that member."""
    try:
        with services().database.transaction(g.workspace.id) as session:
            memberships.remove(session, g.workspace.id, staff_id, removed_by=g.staff.id, now=services().clock.now())
    except memberships.LastOwner as refusal:
        return _refused(staff_id, refusal)
    return shell.back(url_for("accounts.show_staff"), _("This person can no longer enter the workspace."))


@bp.post("/settings/invitations/<int:invitation_id>/withdraw")
@guard.role("owner")
def withdraw_invitation(invitation_id: int) -> ResponseReturnValue:
    """Close an invitation that was not accepted yet."""
    with services().database.transaction(g.workspace.id) as session:
        invitations.withdraw(session, g.workspace.id, invitation_id, staff_id=g.staff.id, now=services().clock.now())
    return shell.back(url_for("accounts.show_staff"), _("The link in that invitation no longer works."))


def _refused(staff_id: int, refusal: Refusal, form: RoleForm | None = None) -> ResponseReturnValue:
    """Show the page again with the refusal at the member it is about, and the role that was asked for."""
    form = form or RoleForm(formdata=None, role="owner")
    form.role.errors = [errors.say(refusal)]
    return _page(InviteForm(formdata=None), asked_for={staff_id: form}, status=refusal.status)


def _page(
    form: InviteForm,
    invited: Invited | None = None,
    asked_for: Mapping[int, RoleForm] | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    with services().database.transaction(g.workspace.id) as session:
        members = memberships.list_members(session, g.workspace.id)
        asked = invitations.list_open(session, g.workspace.id, now=services().clock.now())
    role_forms = {member.staff_id: _role_form(member) for member in members}
    role_forms.update(asked_for or {})
    return shell.page(
        "accounts/staff.html",
        form=form,
        invited=invited,
        members=members,
        invitations=asked,
        role_forms=role_forms,
        tabs=settings_tabs(),
    ), status


def _role_form(member: Member) -> RoleForm:
    return RoleForm(formdata=None, role=member.role, personal_data=member.personal_data)


def _invited(form: InviteForm) -> Invited:
    now, public_url = services().clock.now(), services().settings.public_url
    with services().database.transaction(g.workspace.id) as session:
        invitation = invitations.invite(
            session,
            g.workspace.id,
            email=form.email.data or "",
            role=form.role.data,
            invited_by=g.staff.id,
            now=now,
        )
        link = invitations.find_showable_link(session, services().tokens, public_url, invitation)
        return Invited(invitation.email, link)
