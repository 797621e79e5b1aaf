"""How many people's data each of the staff reads in lists and exports: limited a day, and told to the audit log."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts import audit, workspaces
from app.accounts.models import PersonalRead, Workspace
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

# Pages of lists are told to the audit log once they come to so many people.
NOTED_EVERY = 500
_ADD = text(
    """
    INSERT INTO personal_reads AS held (workspace_id, staff_id, on_day, people, noted)
    VALUES (:w, :staff_id, :on_day, :people, 0)
    ON CONFLICT (workspace_id, staff_id, on_day) DO UPDATE SET people = held.people + excluded.people
    RETURNING people, noted
    """
)
_NOTED = text(
    "UPDATE personal_reads SET noted = people WHERE workspace_id = :w AND staff_id = :staff_id AND on_day = :on_day"
)


class DailyLimitReached(Refusal):
    """The workspace's limit of people read a day was reached by one of the staff."""

    status = 429
    message = N_(
        "You have read the data of %(people)s people today; your workspace allows %(limit)s a day. Go on tomorrow, or "
        "ask an owner to raise it in the settings."
    )


def remaining(session: Session, workspace_id: int, staff_id: int, *, now: datetime) -> int | None:
    """Return of how many more people somebody may read today, None for any number; raise DailyLimitReached for none."""
    place = workspaces.get(session, workspace_id)
    if not place.daily_people:
        return None
    held = session.get(PersonalRead, (workspace_id, staff_id, _day(place, now)))
    read = held.people if held else 0
    if read >= place.daily_people:
        raise DailyLimitReached(people=read, limit=place.daily_people)
    return place.daily_people - read


def note(session: Session, workspace_id: int, staff_id: int, people: int, *, now: datetime) -> None:
    """Note a page of a list; the audit log is told now and then, with how many it came to."""
    if people < 2:
        return
    binds = {"w": workspace_id, "staff_id": staff_id, "on_day": _day(workspaces.get(session, workspace_id), now)}
    total, noted = session.execute(_ADD, {**binds, "people": people}).one()
    if total - noted >= NOTED_EVERY:
        session.execute(_NOTED, binds)
        _note(session, workspace_id, staff_id, "personal_data.read", total - noted, "", now=now)


def note_export(
    session: Session, workspace_id: int, staff_id: int, people: int, *, purpose: str, now: datetime
) -> None:
    """Note people who left in a file, and for what."""
    binds = {"w": workspace_id, "staff_id": staff_id, "on_day": _day(workspaces.get(session, workspace_id), now)}
    session.execute(_ADD, {**binds, "people": people})
    _note(session, workspace_id, staff_id, "personal_data.exported", people, purpose, now=now)


def _note(
    session: Session, workspace_id: int, staff_id: int, action: str, people: int, purpose: str, *, now: datetime
) -> None:
    audit.record(
        session,
        workspace_id,
        staff_id=staff_id,
        action=action,
        subject_kind="staff",
        subject_id=staff_id,
        details={"people": people, **({"purpose": purpose} if purpose else {})},
        now=now,
    )


def _day(place: Workspace, now: datetime) -> object:
    return now.astimezone(ZoneInfo(place.time_zone)).date()
