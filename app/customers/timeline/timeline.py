"""A customer's timeline, newest first; the one writer of activities.

Activities are ours; other rooms (what was sent, what was consented) add their own moments through `PROVIDERS`, which
wiring fills. Paging is by position, never by offset.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.customers.models import Activity, Purchase
from app.customers.words import N_

# One channel of a long history is looked for among this many moments, not among all of them.
MOST_LOOKED_AT = 2000


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """One thing to be noted. `kind`: open click reply bounce complaint report unsubscribe signup import note event."""

    workspace_id: int
    customer_id: int
    at: datetime
    kind: str
    message_id: int | None = None
    send_id: int | None = None
    link_id: int | None = None
    verdict: str | None = None
    verdict_version: int | None = None
    reasons: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of the timeline. `title` is a message id with `values`; `key` orders moments of the same second."""

    at: datetime
    channel: str
    kind: str
    key: str
    title: str
    values: dict[str, Any] = field(default_factory=dict)
    detail: str = ""
    verdict: str | None = None
    reasons: tuple[str, ...] = ()
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """How far one has read: everything after `at`, and the first `shown` moments of exactly that time."""

    at: datetime
    shown: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some moments, and where to go on (None: there is no more)."""

    moments: list[TimelineEntry]
    following: Position | None


# (session, workspace_id, customer_id, until, limit) -> the newest moments at or before `until`, newest first
Provider = Callable[[Session, int, int, datetime | None, int], list[TimelineEntry]]

# Numbers travel as array literals and words as one JSON text: psycopg's own arrays cost ten times as much per row.
_INSERT = text(
    """
    INSERT INTO activities (workspace_id, customer_id, at, kind, message_id, send_id, link_id,
                            verdict, verdict_version, reasons, facts)
    SELECT w, c, to_timestamp(at), words ->> 0, m, s, l, words ->> 1, version,
           CASE WHEN words -> 2 = '[]' THEN '{}' ELSE ARRAY(SELECT jsonb_array_elements_text(words -> 2)) END,
           words -> 3
    FROM ROWS FROM (unnest(CAST(:w AS bigint[])), unnest(CAST(:c AS bigint[])), unnest(CAST(:at AS float8[])),
                    unnest(CAST(:m AS bigint[])), unnest(CAST(:s AS bigint[])), unnest(CAST(:l AS bigint[])),
                    unnest(CAST(:version AS smallint[])), jsonb_array_elements(CAST(:words AS jsonb)))
        AS row(w, c, at, m, s, l, version, words)
    """
)


def record_many(session: Session, rows: Sequence[ActivityRow]) -> None:
    """Note these activities in one statement."""
    if not rows:
        return
    session.execute(
        _INSERT,
        {
            "w": _array([row.workspace_id for row in rows]),
            "c": _array([row.customer_id for row in rows]),
            "at": _array([row.at.timestamp() for row in rows]),
            "m": _array([row.message_id for row in rows]),
            "s": _array([row.send_id for row in rows]),
            "l": _array([row.link_id for row in rows]),
            "version": _array([row.verdict_version for row in rows]),
            "words": json.dumps([(row.kind, row.verdict, row.reasons, row.facts) for row in rows]),
        },
    )


def _array(numbers: Sequence[float | None]) -> str:
    """Return PostgreSQL's way to write an array of numbers."""
    return "{" + ",".join(["NULL" if number is None else repr(number) for number in numbers]) + "}"


def is_noted(session: Session, workspace_id: int, customer_id: int, *, kind: str, message_id: int) -> bool:
    """Say whether this already stands on the timeline."""
    query = select(Activity.id).where(
        Activity.workspace_id == workspace_id,
        Activity.customer_id == customer_id,
        Activity.kind == kind,
        Activity.message_id == message_id,
    )
    return session.scalar(query.limit(1)) is not None


def times(
    session: Session,
    workspace_id: int,
    customer_id: int,
    *,
    kind: str,
    facts: dict[str, Any],
    after: datetime | None,
    limit: int,
) -> list[datetime]:
    """Return when activities of a kind that hold these facts happened, the newest first."""
    query = select(Activity.at).where(
        Activity.workspace_id == workspace_id,
        Activity.customer_id == customer_id,
        Activity.kind == kind,
        Activity.facts.contains(facts),
    )
    if after is not None:
        query = query.where(Activity.at > after)
    return list(session.scalars(query.order_by(Activity.at.desc()).limit(limit)))


def note(
    session: Session, workspace_id: int, customer_id: int, *, words: str, how: str, staff: str, now: datetime
) -> None:
    """Log what staff did or learned outside the mail: a call, a visit, a remark."""
    facts = {"text": words, "how": how, "staff": staff}
    record_many(session, [ActivityRow(workspace_id, customer_id, now, "note", facts=facts)])


def read(
    session: Session,
    workspace_id: int,
    customer_id: int,
    *,
    channel: str = "",
    after: Position | None = None,
    limit: int = 20,
) -> Page:
    """Return the next moments of all channels together, or of one."""
    found: list[TimelineEntry] = []
    position = after
    walk = itertools.islice(_walk(session, workspace_id, customer_id, after, limit + 1), MOST_LOOKED_AT)
    for moment, here in walk:
        if channel and moment.channel != channel:
            continue
        if len(found) == limit:
            return Page(found, position)
        found.append(moment)
        position = here
    return Page(found, None)


def _walk(
    session: Session, workspace_id: int, customer_id: int, after: Position | None, at_once: int
) -> Iterator[tuple[TimelineEntry, Position]]:
    """Yield every moment from a position on, newest first, each with the position after it."""
    while True:
        until, shown = (after.at, after.shown) if after else (None, 0)
        wanted = at_once + shown
        found = [moment for ask in PROVIDERS for moment in ask(session, workspace_id, customer_id, until, wanted)]
        # Two stable sorts: by key among equals, newest first overall. What lies beyond `wanted` may have gaps.
        ordered = sorted(sorted(found, key=lambda m: m.key), key=lambda m: m.at, reverse=True)[:wanted]
        for moment in ordered[shown:]:
            is_same = after is not None and after.at == moment.at
            after = Position(moment.at, after.shown + 1 if after and is_same else 1)
            yield moment, after
        if len(ordered) < wanted:
            return


def _activities(
    session: Session, workspace_id: int, customer_id: int, until: datetime | None, limit: int
) -> list[TimelineEntry]:
    query = select(Activity).where(Activity.workspace_id == workspace_id, Activity.customer_id == customer_id)
    if until is not None:
        query = query.where(Activity.at <= until)
    newest = query.order_by(Activity.at.desc(), Activity.id.desc()).limit(limit)
    return [_moment_of(activity) for activity in session.scalars(newest)]


def _moment_of(activity: Activity) -> TimelineEntry:
    facts = activity.facts
    title = _TITLES.get(activity.kind, "%(kind)s")
    return TimelineEntry(
        at=activity.at,
        channel=_CHANNELS.get(activity.kind, "mail"),
        kind=activity.kind,
        key=f"activity-{2**62 - activity.id:019d}",
        title=title,
        values={"kind": facts.get("name", activity.kind), "how": facts.get("how", ""), **_named(facts)},
        detail=str(facts.get("text") or facts.get("url") or ""),
        verdict=activity.verdict,
        reasons=tuple(activity.reasons),
    )


def _named(facts: dict[str, Any]) -> dict[str, Any]:
    return {"staff": facts["staff"]} if "staff" in facts else {}


def _bought(
    session: Session, workspace_id: int, customer_id: int, until: datetime | None, limit: int
) -> list[TimelineEntry]:
    query = select(Purchase).where(Purchase.workspace_id == workspace_id, Purchase.customer_id == customer_id)
    if until is not None:
        query = query.where(Purchase.purchased_at <= until)
    newest = query.order_by(Purchase.purchased_at.desc(), Purchase.id.desc()).limit(limit)
    return [
        TimelineEntry(
            at=purchase.purchased_at,
            channel="purchase",
            kind="purchase",
            key=f"purchase-{2**62 - purchase.id:019d}",
            title=N_("Bought %(product)s for %(price)s"),
            values={
                "product": purchase.product or purchase.order_ref,
                "amount": purchase.amount,
                "currency": purchase.currency,
            },
        )
        for purchase in session.scalars(newest)
    ]


_TITLES = {
    "open": N_("Opened a mail"),
    "click": N_("Clicked a link"),
    "reply": N_("Replied"),
    "bounce": N_("Bounced"),
    "complaint": N_("Complained about a mail"),
    "report": N_("A report about a mail came from an unknown sender and changed nothing"),
    "unsubscribe": N_("Unsubscribed"),
    "signup": N_("Signed up"),
    "import": N_("Came in with a file"),
    "note": "%(how)s",
}
_CHANNELS = {
    "note": "note",
    "event": "event",
    "signup": "consent",
    "unsubscribe": "consent",
    "import": "data",
}

PROVIDERS: list[Provider] = [_activities, _bought]
