"""The websites of a workspace: a public key that may only report, the origins it is used from, and a secret."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import audit, undo, vault
from app.kernel import page_links
from app.kernel.page_links import PageLink
from app.kernel.refusals import Refusal
from app.kernel.settings import Key
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_
from app.tracking.models import Website

MOST = 20
MOST_ORIGINS = 10
# site_<workspace>_<random>: the workspace is named so that the key can be looked up inside its walls.
_KEY = re.compile(r"site_([1-9][0-9]{0,17})_[A-Za-z0-9_-]{22}", re.ASCII)
_HOST = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ORIGIN = re.compile(rf"https?://{_HOST}(?::[1-9][0-9]{{0,4}})?", re.ASCII)


class OriginRefused(Refusal):
    """An origin is a scheme and a host, as browsers send it."""

    status = 422
    message = N_("“%(origin)s” is no origin. Write it as https://www.example.com, without a path.")


class OriginsMissing(Refusal):
    """A key that may be used from nowhere is of no use."""

    status = 422
    message = N_("Enter 1 to 10 origins, one a line.")


class TooManyWebsites(Refusal):
    """A workspace has so many websites at most."""

    status = 422
    message = N_("A workspace has at most 20 websites. Delete one that is no longer used.")


@dataclass(frozen=True, slots=True)
class KnownWebsite:
    """What is asked of a website by each report: whose it is, from where it may come, and what signs identities."""

    workspace_id: int
    id: int
    origins: tuple[str, ...]
    sealed_secret: bytes


def create(
    session: Session, workspace_id: int, origins: Sequence[str], *, keys: tuple[Key, ...], now: datetime
) -> tuple[Website, str]:
    """Add a website; return it and the secret that signs identities, which is not shown again."""
    if len(list_all(session, workspace_id)) >= MOST:
        raise TooManyWebsites
    secret = secrets.token_urlsafe(32)
    website = Website(
        workspace_id=workspace_id,
        public_key=f"site_{workspace_id}_{secrets.token_urlsafe(16)}",
        origins=_checked(origins),
        secret=vault.seal(secret.encode(), keys),
        created_at=now,
    )
    session.add(website)
    session.flush()
    return website, secret


def note(session: Session, website: Website, action: str, *, staff_id: int, now: datetime) -> None:
    """Write into the audit log what staff did with a website."""
    audit.note(session, website, action, staff_id=staff_id, now=now)


def end(session: Session, workspace_id: int, website_id: int, *, staff_id: int, now: datetime) -> PageLink | None:
    """End the key at once; what was reported stays with the customers. Return the address that takes this back.

    None if it had ended before. Raise NotFound.
    """
    website = keyed_rows.hold(session, Website, workspace_id, website_id)
    if website.ended_at is not None:
        return None
    website.ended_at = now
    note(session, website, "website.deleted", staff_id=staff_id, now=now)
    values = {"website_id": website_id}
    return undo.keep(session, workspace_id, kind="tracking.website_ended", values=values, staff_id=staff_id, now=now)


def restore(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime
) -> undo.Restored:
    """Let an ended website report again."""
    website = keyed_rows.hold(session, Website, workspace_id, values["website_id"])
    if website.ended_at is not None and len(list_all(session, workspace_id)) >= MOST:
        raise TooManyWebsites
    website.ended_at = None
    note(session, website, "website.restored", staff_id=staff_id, now=now)
    return undo.Restored(page_links.to("tracking.show_websites"), N_("The website reports again."))


UNDO_ENDING = undo.Opposite("tracking.website_ended", restore, role="owner")


def list_all(session: Session, workspace_id: int) -> list[Website]:
    """Return the websites whose keys work, the newest first."""
    query = select(Website).where(Website.workspace_id == workspace_id, Website.ended_at.is_(None))
    return list(session.scalars(query.order_by(Website.id.desc()).limit(MOST)))


def workspace_of(public_key: str) -> int | None:
    """Return the workspace a key claims to be of, so that it can be looked up inside."""
    shape = _KEY.fullmatch(public_key)
    return int(shape[1]) if shape else None


def find(session: Session, workspace_id: int, public_key: str) -> KnownWebsite | None:
    """Return the website of this key."""
    query = select(Website).where(Website.workspace_id == workspace_id, Website.public_key == public_key)
    found = session.scalar(query.where(Website.ended_at.is_(None)))
    return KnownWebsite(workspace_id, found.id, tuple(found.origins), found.secret) if found else None


def _checked(origins: Sequence[str]) -> list[str]:
    given = list(dict.fromkeys(origin.strip().lower().rstrip("/") for origin in origins if origin.strip()))
    if not 1 <= len(given) <= MOST_ORIGINS:
        raise OriginsMissing(field="origins")
    for origin in given:
        if len(origin) > 253 or not _ORIGIN.fullmatch(origin):
            raise OriginRefused(field="origins", origin=origin[:100])
    return given
