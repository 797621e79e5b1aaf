"""Memberships: which staff have which role in which workspace; each of the three roles includes the one below."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.models import Membership, Staff, Workspace
from app.kernel.refusals import NotFound, Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

ROLES = ("viewer", "marketer", "owner")
# How far a membership reaches into personal data, as guards know it; each includes the one before.
MASKED, SHOWN, EXPORTED = PERSONAL_DATA = ("masked", "shown", "exported")


class LastOwner(Refusal):
    """A workspace without an owner could never be administered again."""

    message = N_("This is the only owner. Make somebody else owner first.")


class AlreadyMember(Refusal):
    """This person is in the workspace already."""

    message = N_("This person is already a member of the workspace.")


@dataclass(frozen=True)
class Member:
    """One line of the staff list."""

    staff_id: int
    name: str
    email: str
    role: str
    personal_data: str


@dataclass(frozen=True)
class StaffMembership:
    """A workspace one may enter, as what, and how far one reaches into personal data there."""

    workspace_id: int
    name: str
    role: str
    personal_data: str


def grant(session: Session, workspace_id: int, staff_id: int, role: str) -> None:
    """Make somebody a member; raise AlreadyMember."""
    if find(session, workspace_id, staff_id):
        raise AlreadyMember(field="email")
    session.add(Membership(workspace_id=workspace_id, staff_id=staff_id, role=_known(role)))
    session.flush()


def change(
    session: Session,
    workspace_id: int,
    staff_id: int,
    role: str,
    *,
    changed_by: int,
    now: datetime,
    personal_data: str = EXPORTED,
) -> None:
    """Give a member another role, or another reach into personal data; an owner's is whole. Raise LastOwner, NotFound.

    Their next request is answered by it.
    """
    membership = _locked(session, workspace_id, staff_id)
    reach = EXPORTED if role == "owner" else personal_data
    if reach not in PERSONAL_DATA:
        raise NotFound
    if (membership.role, membership.personal_data) == (_known(role), reach):
        return
    if membership.role == "owner" != role:
        _require_another_owner(session, workspace_id, staff_id)
    details = {"from": membership.role, "to": role}
    if reach != membership.personal_data:
        details["personal_data"] = reach
    membership.role, membership.personal_data = role, reach
    session.flush()
    audit.record(
        session,
        workspace_id,
        staff_id=changed_by,
        action="staff.role_changed",
        subject_kind="staff",
        subject_id=staff_id,
        details=details,
        now=now,
    )


def remove(session: Session, workspace_id: int, staff_id: int, *, removed_by: int, now: datetime) -> None:
    """End a membership; their next request no longer gets in. Raise LastOwner, NotFound."""
    membership = _locked(session, workspace_id, staff_id)
    if membership.role == "owner":
        _require_another_owner(session, workspace_id, staff_id)
    session.delete(membership)
    session.flush()
    audit.record(
        session,
        workspace_id,
        staff_id=removed_by,
        action="staff.removed",
        subject_kind="staff",
        subject_id=staff_id,
        details={"role": membership.role},
        now=now,
    )


def find(session: Session, workspace_id: int, staff_id: int) -> str | None:
    """Return the role somebody has here, or None."""
    return session.scalar(
        select(Membership.role).where(Membership.workspace_id == workspace_id, Membership.staff_id == staff_id)
    )


def list_members(session: Session, workspace_id: int, limit: int = 500) -> list[Member]:
    """Return who works here, owners first."""
    rows = session.execute(
        select(Staff.id, Staff.name, Staff.email, Membership.role, Membership.personal_data)
        .join(Membership, Membership.staff_id == Staff.id)
        .where(Membership.workspace_id == workspace_id)
        .order_by(Staff.name, Staff.id)
        .limit(limit)
    )
    return sorted((Member(*row) for row in rows), key=lambda member: -ROLES.index(member.role))


def list_staff_memberships(session: Session, staff_id: int, limit: int = 100) -> list[StaffMembership]:
    """Return the workspaces somebody may enter; the transaction must name them as its actor."""
    rows = session.execute(
        select(Workspace.id, Workspace.name, Membership.role, Membership.personal_data)
        .join(Membership, Membership.workspace_id == Workspace.id)
        .where(Membership.staff_id == staff_id)
        .order_by(Workspace.name, Workspace.id)
        .limit(limit)
    )
    return [StaffMembership(*row) for row in rows]


def _locked(session: Session, workspace_id: int, staff_id: int) -> Membership:
    """Lock every owner of the workspace first, so that two owners cannot demote each other at once."""
    owners = select(Membership).where(Membership.workspace_id == workspace_id, Membership.role == "owner")
    session.execute(owners.order_by(Membership.staff_id).with_for_update())
    return keyed_rows.lock(session, Membership, workspace_id, staff_id)


def _require_another_owner(session: Session, workspace_id: int, staff_id: int) -> None:
    other = select(Membership.staff_id).where(
        Membership.workspace_id == workspace_id, Membership.role == "owner", Membership.staff_id != staff_id
    )
    if session.scalar(other.limit(1)) is None:
        raise LastOwner


def _known(role: str) -> str:
    if role not in ROLES:
        raise NotFound
    return role
