"""A customer's timeline, newest first, as pages show it.

Activities are ours; other rooms (what was sent, what was consented) add their own entries through `TimelineSources`.
Paging is by position, never by offset.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.customers.models import Activity
from app.customers.timeline import activity_queries, contacts
from app.customers.timeline.event_names import EventName, Source, is_reserved
from app.kernel import extensions
from app.kernel.page_links import PageLink
from app.kernel.translatable import N_

# One channel of a long history is looked for among this many entries, not among all of them.
MOST_LOOKED_AT = 2000


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of the timeline. `title` is a message id with `values`; `key` orders entries of the same second."""

    at: datetime
    channel: str
    kind: str
    key: str
    title: str
    values: dict[str, Any] = field(default_factory=dict)
    detail: str = ""
    verdict: str | None = None
    reasons: tuple[str, ...] = ()
    page: PageLink | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """How far one has read: everything after `at`, and the first `shown` entries of exactly that time."""

    at: datetime
    shown: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, and where to go on (None: there is no more)."""

    entries: list[TimelineEntry]
    following: Position | None


# (session, workspace_id, customer_id, until, limit) -> the newest entries at or before `until`, newest first
TimelineSource = Callable[[Session, int, int, datetime | None, int], list[TimelineEntry]]


@dataclass(frozen=True)
class TimelineSources:
    """What other rooms know of a customer's history."""

    of_rooms: tuple[TimelineSource, ...] = ()


def read(
    session: Session,
    workspace_id: int,
    customer_id: int,
    *,
    channel: str = "",
    after: Position | None = None,
    limit: int = 20,
) -> Page:
    """Return the next entries of all channels together, or of one."""
    found: list[TimelineEntry] = []
    position = after
    walk = itertools.islice(_walk(session, workspace_id, customer_id, after, limit + 1), MOST_LOOKED_AT)
    for entry, here in walk:
        if channel and entry.channel != channel:
            continue
        if len(found) == limit:
            return Page(found, position)
        found.append(entry)
        position = here
    return Page(found, None)


def _walk(
    session: Session, workspace_id: int, customer_id: int, after: Position | None, at_once: int
) -> Iterator[tuple[TimelineEntry, Position]]:
    """Yield every entry from a position on, newest first, each with the position after it."""
    sources = (_activities, *extensions.of(session, TimelineSources).of_rooms)
    while True:
        until, shown = (after.at, after.shown) if after else (None, 0)
        wanted = at_once + shown
        found = [entry for ask in sources for entry in ask(session, workspace_id, customer_id, until, wanted)]
        # Two stable sorts: by key among equals, newest first overall. What lies beyond `wanted` may have gaps.
        ordered = sorted(sorted(found, key=lambda m: m.key), key=lambda m: m.at, reverse=True)[:wanted]
        for entry in ordered[shown:]:
            is_same = after is not None and after.at == entry.at
            after = Position(entry.at, after.shown + 1 if after and is_same else 1)
            yield entry, after
        if len(ordered) < wanted:
            return


def _activities(
    session: Session, workspace_id: int, customer_id: int, until: datetime | None, limit: int
) -> list[TimelineEntry]:
    newest = activity_queries.newest_query(workspace_id, customer_id, until=until, limit=limit)
    return [_entry_of(activity) for activity in session.scalars(newest)]


def _entry_of(activity: Activity) -> TimelineEntry:
    facts = activity.facts
    contact = contacts.KINDS.get(activity.name)
    is_reported = activity.source in (Source.API, Source.IMPORT) and not is_reserved(activity.name) and contact is None
    return TimelineEntry(
        at=activity.at,
        channel=contact.channel if contact else "event" if is_reported else _CHANNELS.get(activity.name, "mail"),
        kind="event" if is_reported else activity.name,
        key=f"activity-{2**62 - activity.id:019d}",
        title=contacts.title(activity.name, facts) if contact else _TITLES.get(activity.name, "%(name)s"),
        values={"name": activity.name, "score": contacts.said(facts, "score") if contact else None, **_named(facts)},
        detail=str(facts.get("text") or facts.get("url") or ""),
        verdict=activity.verdict,
        reasons=tuple(activity.reasons),
    )


def _named(facts: dict[str, Any]) -> dict[str, Any]:
    return {"staff": facts["staff"]} if "staff" in facts else {}


_TITLES: dict[str, str] = {
    EventName.OPENED: N_("Opened a mail"),
    EventName.CLICKED: N_("Clicked a link"),
    EventName.REPLIED: N_("Replied"),
    EventName.BOUNCED: N_("Bounced"),
    EventName.COMPLAINED: N_("Complained about a mail"),
    EventName.COMPLAINT_UNVERIFIED: N_("A report about a mail came from an unknown sender and changed nothing"),
    EventName.UNSUBSCRIBED: N_("Unsubscribed"),
    EventName.SIGNED_UP: N_("Signed up"),
    EventName.IMPORTED: N_("Came in with a file"),
    "page_viewed": N_("Viewed a page"),
    "product_viewed": N_("Viewed a product"),
    "cart_updated": N_("Changed the shopping cart"),
    "site_searched": N_("Searched the website"),
}
_CHANNELS: dict[str, str] = {
    EventName.SIGNED_UP: "consent",
    EventName.UNSUBSCRIBED: "consent",
    EventName.IMPORTED: "data",
}
