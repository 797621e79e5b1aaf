"""Authenticates requests for the guards: a session cookie as staff, an API key as a program."""

from __future__ import annotations

from flask import Request, Response

from app.accounts import api_keys, memberships, staff, workspaces
from app.accounts.memberships import StaffMembership
from app.accounts.models import Workspace
from app.accounts.sign_in import sessions
from app.kernel.services import services
from app.web.identity import MASKED, Identity, Machine, StaffMember, WorkspaceChoice, WorkspaceInUse

COOKIE = "assent_session"


class RequestAuthenticator:
    """What the guards of every room ask."""

    def find_identity(self, request: Request) -> Identity | None:
        """Return who is signed in with this browser and where, or None."""
        token = request.cookies.get(COOKIE)
        if not token:
            return None
        database, now = services().database, services().clock.now()
        with database.transaction(None) as session:
            found = sessions.find(session, token, now=now)
            if found is None:
                return None
            member = staff.get(session, found.staff_id)
        with database.transaction(found.active_workspace_id, actor_id=member.id) as session:
            held = memberships.list_staff_memberships(session, member.id)
            chosen = _choose(held, found.active_workspace_id)
            if chosen and chosen.workspace_id != found.active_workspace_id:
                sessions.enter(session, found.id, workspace_id=chosen.workspace_id)
            place = workspaces.get(session, chosen.workspace_id) if chosen else None
        return Identity(
            staff=StaffMember(member.id, member.name, member.email, member.language or _language(place)),
            workspace=WorkspaceInUse(place.id, place.name, place.language, place.time_zone) if place else None,
            role=chosen.role if chosen else None,
            memberships=tuple(
                WorkspaceChoice(each.workspace_id, each.name, each.role, each.personal_data) for each in held
            ),
            personal_data=chosen.personal_data if chosen else MASKED,
        )

    def require_machine(self, request: Request) -> Machine:
        """Return the program behind `Authorization: Bearer <key>`; raise KeyUnknown."""
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise api_keys.KeyUnknown
        workspace_id = api_keys.workspace_of(text.strip())
        with services().database.transaction(workspace_id) as session:
            key = api_keys.authenticate(session, text.strip(), now=services().clock.now())
        return Machine(workspace_id, key.id, key.personal_data)


def remember(response: Response, token: str) -> Response:
    """Give the browser its session cookie, out of reach of scripts and of other sites' forms."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(sessions.LIFETIME.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=services().settings.is_secure,
        path="/",
    )
    return response


def forget(response: Response) -> Response:
    """Take the session cookie away."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="Lax")
    return response


def _choose(held: list[StaffMembership], workspace_id: int | None) -> StaffMembership | None:
    """The workspace chosen last, or any other if one may no longer enter it."""
    return next((each for each in held if each.workspace_id == workspace_id), held[0] if held else None)


def _language(place: Workspace | None) -> str:
    return place.language if place else "en"
