"""Accounts of staff and their authentication by password."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import mailboxes
from app.accounts.models import Staff
from app.accounts.sign_in import passwords, sessions
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_


class LoginRefused(Refusal):
    """Address and password do not belong together; which of the two is wrong is not said."""

    status = 422
    message = N_("The address or the password is wrong.")


class StaffExists(Refusal):
    """An account with this address is already there."""

    message = N_("There is already an account with this address.")


class PasswordWrong(Refusal):
    """The password given to confirm a change is not the current one."""

    status = 422
    message = N_("This is not your current password.")


def create(
    session: Session, *, email: str, name: str, password: str, now: datetime, language: str | None = None
) -> Staff:
    """Add an account; raise StaffExists, NotAMailbox or PasswordTooWeak."""
    address = mailboxes.fold(mailboxes.check(email))
    if find_by_email(session, address):
        raise StaffExists(field="email")
    member = Staff(
        email=address,
        name=name.strip(),
        password_hash=passwords.digest(password, unlike=(address, name)),
        language=language,
        password_changed_at=now,
        created_at=now,
    )
    session.add(member)
    session.flush()
    return member


def authenticate(session: Session, *, email: str, password: str) -> Staff:
    """Return whose address and password these are; raise LoginRefused. Old hashes are renewed on the way."""
    found = find_by_email(session, mailboxes.fold(email.strip()))
    if not passwords.matches(found.password_hash if found else None, password) or found is None:
        raise LoginRefused
    if passwords.is_dated(found.password_hash):
        found.password_hash = passwords.digest(password)
    return found


def change_password(session: Session, staff_id: int, *, current: str, new: str, now: datetime) -> None:
    """Replace the password and end every session of this account, this one too; raise PasswordWrong."""
    member = get(session, staff_id)
    if not passwords.matches(member.password_hash, current):
        raise PasswordWrong(field="current")
    member.password_hash = passwords.digest(new, unlike=(member.email, member.name, current))
    member.password_changed_at = now
    sessions.revoke_all(session, staff_id)


def get(session: Session, staff_id: int) -> Staff:
    """Return the account; raise NotFound."""
    return keyed_rows.get(session, Staff, staff_id)


def find_by_email(session: Session, email: str) -> Staff | None:
    """Return the account with this address, if there is one."""
    return session.scalar(select(Staff).where(Staff.email == mailboxes.fold(email)))


def names(session: Session, staff_ids: set[int]) -> dict[int, str]:
    """Return names by id, for lists that show who did something."""
    rows = session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(staff_ids)))
    return {row.id: row.name for row in rows}
