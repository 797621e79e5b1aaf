"""Workspaces and their settings."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

import structlog
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from app.accounts import audit, mailboxes
from app.accounts.models import Workspace
from app.kernel.clock import time_zones
from app.kernel.database import Database
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

log = structlog.get_logger()

LANGUAGES = ("en", "zh")
# How long activities may be kept; 0 stands for always. Never less than a year and the month that begins it.
ACTIVITY_MONTHS = (0, 13, 25, 37, 61)
# How long an imported file may be kept after its import; 0 stands for not at all.
IMPORT_FILE_DAYS = (0, 7, 30, 90, 365)
MOST_DAILY_PEOPLE = 10_000_000


class SettingRefused(Refusal):
    """A setting is empty, too long or not known."""

    status = 422
    message = N_("This setting cannot be used.")


@dataclass(frozen=True)
class Profile:
    """The settings staff may change. Postal address may have several lines; every other text is one line."""

    name: str
    legal_name: str
    sender_name: str
    sender_address: str
    reply_to: str | None
    postal_address: str
    time_zone: str
    language: str
    activity_months: int = 0
    import_file_days: int = 0
    # Of how many people one of the staff may read in lists and exports a day; 0 stands for any number.
    daily_people: int = 0


def create(
    session: Session,
    *,
    name: str,
    language: str,
    time_zone: str,
    sender_name: str,
    sender_address: str,
    postal_address: str,
    now: datetime,
) -> Workspace:
    """Add a workspace with a free slug and a digest key of its own; raise SettingRefused."""
    profile = _checked(Profile(name, name, sender_name, sender_address, None, postal_address, time_zone, language))
    slug = _free_slug(session, profile.name)
    workspace = Workspace(slug=slug, digest_key=secrets.token_bytes(32), created_at=now, **asdict(profile))
    session.add(workspace)
    session.flush()
    return workspace


def change(session: Session, workspace_id: int, profile: Profile, *, staff_id: int, now: datetime) -> None:
    """Replace the settings, and note which of them changed; raise SettingRefused."""
    workspace = hold(session, workspace_id)
    wanted = asdict(_checked(profile))
    changed = {name: value for name, value in wanted.items() if getattr(workspace, name) != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(workspace, name, value)
    audit.record(
        session,
        workspace_id,
        staff_id=staff_id,
        action="workspace.changed",
        subject_kind="workspace",
        subject_id=workspace_id,
        details={"settings": sorted(changed)},
        now=now,
    )


def get(session: Session, workspace_id: int) -> Workspace:
    """Return the workspace; raise NotFound."""
    return keyed_rows.get(session, Workspace, workspace_id)


def hold(session: Session, workspace_id: int) -> Workspace:
    """Return the workspace as it is now, and keep others from changing it until the transaction ends."""
    return keyed_rows.hold(session, Workspace, workspace_id)


def currencies_query() -> Select[int, str | None]:
    """Select (workspace_id, currency): the currency that sums are made in, NULL before one is settled."""
    return select(Workspace.id.label("workspace_id"), Workspace.currency)


def settle_currency(session: Session, workspace_id: int, currency: str) -> str:
    """Make sums in this currency unless one was settled before; return the one they are made in."""
    settled = select(Workspace.currency).where(Workspace.id == workspace_id)
    known = session.scalar(settled)
    if known is None:
        unsettled = update(Workspace).where(Workspace.id == workspace_id, Workspace.currency.is_(None))
        session.execute(unsettled.values(currency=currency), execution_options={"synchronize_session": False})
        known = session.scalar(settled)
    return known or currency


def find_by_slug(session: Session, slug: str) -> Workspace | None:
    """Return the workspace a public address names."""
    return session.scalar(select(Workspace).where(Workspace.slug == slug))


def list_ids(session: Session) -> list[int]:
    """Return every workspace, for jobs that look after all of them."""
    return list(session.scalars(select(Workspace.id).order_by(Workspace.id)))


def for_each(database: Database, work: Callable[[int], object]) -> None:
    """Do the work for every workspace. What fails in one of them is raised when all the others have had theirs."""
    with database.transaction() as session:
        workspace_ids = list_ids(session)
    failures: list[Exception] = []
    for workspace_id in workspace_ids:
        try:
            work(workspace_id)
        except Exception as error:
            # Whatever is wrong with one company stops no other.
            log.exception("workspaces.work_failed", workspace_id=workspace_id)
            failures.append(error)
    if failures:
        raise failures[0]


def profile_of(workspace: Workspace) -> Profile:
    """Return the settings as a value to be changed."""
    return Profile(**{name: getattr(workspace, name) for name in Profile.__dataclass_fields__})


def _checked(profile: Profile) -> Profile:
    if profile.time_zone not in time_zones():
        raise SettingRefused(N_("Choose a time zone from the list."), field="time_zone")
    if profile.language not in LANGUAGES:
        raise SettingRefused(N_("Choose a language from the list."), field="language")
    if profile.activity_months not in ACTIVITY_MONTHS:
        raise SettingRefused(N_("Choose a period from the list."), field="activity_months")
    if profile.import_file_days not in IMPORT_FILE_DAYS:
        raise SettingRefused(N_("Choose a period from the list."), field="import_file_days")
    if not 0 <= profile.daily_people <= MOST_DAILY_PEOPLE:
        raise SettingRefused(N_("Write a number up to 10,000,000; 0 sets no limit."), field="daily_people")
    return Profile(
        name=_line(profile.name, "name", 120),
        legal_name=_line(profile.legal_name, "legal_name", 200),
        sender_name=_line(profile.sender_name, "sender_name", 120),
        sender_address=mailboxes.check(profile.sender_address, field="sender_address"),
        reply_to=mailboxes.check(profile.reply_to, field="reply_to") if profile.reply_to else None,
        postal_address=_lines(profile.postal_address),
        time_zone=profile.time_zone,
        language=profile.language,
        activity_months=profile.activity_months,
        import_file_days=profile.import_file_days,
        daily_people=profile.daily_people,
    )


def _line(text: str, field: str, longest: int) -> str:
    """One line without control characters: these values end up in mail headers."""
    found = text.strip()
    if not found or len(found) > longest or any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in found):
        raise SettingRefused(N_("Write one line of at most %(longest)s characters."), field=field, longest=longest)
    return found


def _lines(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = "\n".join(lines)
    if not lines or len(found) > 500 or any(unicodedata.category(char) == "Cc" for line in lines for char in line):
        raise SettingRefused(
            N_("Every mail must carry a postal address; write it in up to 500 characters."),
            field="postal_address",
        )
    return found


def _free_slug(session: Session, name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "workspace"
    taken = set(session.scalars(select(Workspace.slug).where(Workspace.slug.startswith(stem, autoescape=True))))
    if stem not in taken:
        return stem
    return next(slug for number in range(2, len(taken) + 3) if (slug := f"{stem}-{number}") not in taken)
