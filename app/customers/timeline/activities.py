"""The one writer of `activities`: tracking, delivery, staff and programs record through it what happened.

Rows are added and never changed, but for the verdict on a hit; `retention` deletes them, and staff take back what they
logged by mistake. Lock order: activities first,
then the sums beside the customers (`profiles.engagement`), both in the order of customers.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from app.customers.models import Activity
from app.customers.profiles import engagement
from app.customers.timeline.event_names import EventName, Source
from app.kernel import database
from app.kernel.refusals import NotFound, Refusal
from app.kernel.sql import arrays
from app.kernel.translatable import N_

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
FURTHEST_AHEAD = timedelta(days=366)


class EventTimeRefused(Refusal):
    """Nothing is recorded of before 1970, or of more than a year ahead."""

    status = 422
    message = N_("An event's time must lie after 1969, and at most a year ahead.")


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """One thing to be recorded. `at` is when it happened; `recorded_by` is the number of staff or API key."""

    workspace_id: int
    customer_id: int
    at: datetime
    name: str
    source: Source
    message_id: int | None = None
    send_id: int | None = None
    link_id: int | None = None
    verdict: str | None = None
    verdict_version: int | None = None
    reasons: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    recorded_by: int | None = None


class HitRow(NamedTuple):
    """One judged click or open. `at` in seconds since 1970; `reasons` are fixed words, `facts` is a JSON object."""

    customer_id: int
    at: float
    name: str
    message_id: int
    send_id: int
    link_id: int | None
    verdict: str
    reasons: tuple[str, ...]
    facts: str


class NewVerdict(NamedTuple):
    """A stored hit that is judged otherwise than it was."""

    activity_id: int
    customer_id: int
    at: datetime
    verdict: str
    reasons: tuple[str, ...]


# Numbers travel as array literals and words as one JSON text.
_INSERT = text(
    """
    INSERT INTO activities (workspace_id, customer_id, at, recorded_at, name, source, message_id, send_id, link_id,
                            recorded_by, verdict, verdict_version, reasons, facts)
    SELECT w, c, to_timestamp(at), :now, words ->> 0, words ->> 1, m, s, l, b, words ->> 2, version,
           CASE WHEN words -> 3 = '[]' THEN '{}' ELSE ARRAY(SELECT jsonb_array_elements_text(words -> 3)) END,
           words -> 4
    FROM ROWS FROM (unnest(CAST(:w AS bigint[])), unnest(CAST(:c AS bigint[])), unnest(CAST(:at AS float8[])),
                    unnest(CAST(:m AS bigint[])), unnest(CAST(:s AS bigint[])), unnest(CAST(:l AS bigint[])),
                    unnest(CAST(:b AS bigint[])), unnest(CAST(:version AS smallint[])),
                    jsonb_array_elements(CAST(:words AS jsonb)))
        AS row(w, c, at, m, s, l, b, version, words)
    """
)
# Kept with the connection: a batch comes every quarter of a second, and making a table costs more than a small batch.
_STAGE = text(
    """
    CREATE TEMPORARY TABLE IF NOT EXISTS hit_stage (
        customer_id bigint, at float8, name text, message_id bigint, send_id bigint, link_id bigint,
        verdict text, reasons text[], facts jsonb
    ) ON COMMIT DELETE ROWS
    """
)
# What an earlier batch of the same transaction left there.
_EMPTY = text("DELETE FROM hit_stage")
_COPY = b"COPY hit_stage FROM STDIN"
_INSERT_HITS = text(
    f"""
    INSERT INTO activities (workspace_id, customer_id, at, recorded_at, name, source, message_id, send_id, link_id,
                            verdict, verdict_version, reasons, facts)
    SELECT :workspace_id, customer_id, to_timestamp(at), :now, name, '{Source.TRACKING}', message_id, send_id, link_id,
           verdict, :version, reasons, facts
    FROM hit_stage
    """
)
# In the order of customers, as `record_hits` copies them.
_SUMS_OF_HITS = f"""
    SELECT customer_id,
           count(*) FILTER (WHERE verdict = 'human' AND name = '{EventName.OPENED}') AS opens,
           count(*) FILTER (WHERE verdict = 'human' AND name = '{EventName.CLICKED}') AS clicks,
           count(*) FILTER (WHERE verdict <> 'human') AS machines,
           to_timestamp(max(at) FILTER (WHERE verdict = 'human' AND name = '{EventName.OPENED}')) AS open_at,
           to_timestamp(max(at) FILTER (WHERE verdict = 'human' AND name = '{EventName.CLICKED}')) AS click_at
    FROM hit_stage GROUP BY customer_id
"""
# The period is said outright, so that the planner opens the months concerned and no others.
_REVISE = text(
    """
    UPDATE activities a
    SET verdict = r.verdict, verdict_version = :version,
        reasons = coalesce(string_to_array(nullif(r.reasons, ''), ' '), '{}')
    FROM unnest(CAST(:ids AS bigint[]), CAST(:customer_ids AS bigint[]), CAST(:times AS timestamptz[]),
                CAST(:verdicts AS text[]), CAST(:reasons AS text[])) AS r(id, customer_id, at, verdict, reasons)
    JOIN activities known ON known.workspace_id = :workspace_id AND known.customer_id = r.customer_id
                         AND known.at = r.at AND known.id = r.id AND known.at BETWEEN :since AND :until
    WHERE a.workspace_id = :workspace_id AND a.customer_id = r.customer_id AND a.at = r.at AND a.id = r.id
      AND a.at BETWEEN :since AND :until AND a.verdict IS NOT DISTINCT FROM known.verdict
    RETURNING a.customer_id, a.name, known.verdict AS before, a.verdict AS after
    """
)
_COUNTED_AS: dict[str, str] = {EventName.OPENED: "open_count", EventName.CLICKED: "click_count"}


def is_recordable(at: datetime, *, now: datetime) -> bool:
    """Say whether something of this time may be recorded."""
    return EARLIEST <= at <= now + FURTHEST_AHEAD


def record(session: Session, row: ActivityRow, *, now: datetime) -> None:
    """Record one activity."""
    record_many(session, [row], now=now)


def record_many(session: Session, rows: Sequence[ActivityRow], *, now: datetime) -> None:
    """Record these activities in one statement; raise EventTimeRefused and record nothing when one has no such time."""
    if not rows:
        return
    if not all(is_recordable(row.at, now=now) for row in rows):
        raise EventTimeRefused(field="at")
    session.execute(
        _INSERT,
        {
            "now": now,
            "w": arrays.numbers([row.workspace_id for row in rows]),
            "c": arrays.numbers([row.customer_id for row in rows]),
            "at": arrays.numbers([row.at.timestamp() for row in rows]),
            "m": arrays.numbers([row.message_id for row in rows]),
            "s": arrays.numbers([row.send_id for row in rows]),
            "l": arrays.numbers([row.link_id for row in rows]),
            "b": arrays.numbers([row.recorded_by for row in rows]),
            "version": arrays.numbers([row.verdict_version for row in rows]),
            "words": json.dumps([(row.name, row.source, row.verdict, row.reasons, row.facts) for row in rows]),
        },
    )


def add(session: Session, row: ActivityRow, *, now: datetime) -> int:
    """Record one activity and return its number."""
    made = Activity(
        workspace_id=row.workspace_id,
        customer_id=row.customer_id,
        at=row.at,
        recorded_at=now,
        name=row.name,
        source=row.source,
        recorded_by=row.recorded_by,
        facts=row.facts,
    )
    session.add(made)
    session.flush()
    return made.id


def take_back(session: Session, workspace_id: int, customer_id: int, at: datetime, activity_id: int) -> None:
    """Delete what one of the staff recorded by mistake; raise NotFound."""
    gone = session.execute(
        delete(Activity)
        .where(Activity.workspace_id == workspace_id, Activity.customer_id == customer_id, Activity.at == at)
        .where(Activity.id == activity_id, Activity.source == Source.STAFF)
        .returning(Activity.id)
    ).first()
    if gone is None:
        raise NotFound


def record_hits(session: Session, workspace_id: int, hits: Sequence[HitRow], *, version: int, now: datetime) -> None:
    """Record these hits, and add them to the sums. `version` is that of the rules that judged them."""
    session.execute(_STAGE)
    session.execute(_EMPTY)
    # By customer, so that neighbours in the index and on the pages are written together.
    lines = "".join([_copied(hit) for hit in sorted(hits, key=itemgetter(0))])
    with database.raw(session).cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.write(lines.encode())
    session.execute(_INSERT_HITS, {"workspace_id": workspace_id, "version": version, "now": now})
    engagement.add_hits(session, workspace_id, _SUMS_OF_HITS)


def revise_hits(session: Session, workspace_id: int, revised: Sequence[NewVerdict], *, version: int) -> None:
    """Write new verdicts beside the raw facts, and correct the sums by what changed."""
    if not revised:
        return
    since = min(new.at for new in revised)
    changed = session.execute(
        _REVISE,
        {
            "workspace_id": workspace_id,
            "version": version,
            "since": since,
            "until": max(new.at for new in revised),
            "ids": [new.activity_id for new in revised],
            "customer_ids": [new.customer_id for new in revised],
            "times": [new.at for new in revised],
            "verdicts": [new.verdict for new in revised],
            "reasons": [" ".join(new.reasons) for new in revised],
        },
    )
    corrections: dict[int, Counter[str]] = defaultdict(Counter)
    for customer_id, name, before, after in changed:
        corrections[customer_id][_counted_as(name, before)] -= 1
        corrections[customer_id][_counted_as(name, after)] += 1
    engagement.correct_hits(session, workspace_id, corrections, since=since)


def _counted_as(name: str, verdict: str | None) -> str:
    """Return the column of the sums that counts a hit of this verdict."""
    return _COUNTED_AS[name] if verdict == "human" else "machine_count"


def _copied(hit: HitRow) -> str:
    customer_id, at, name, message_id, send_id, link_id, verdict, reasons, facts = hit
    link = "\\N" if link_id is None else link_id
    because, escaped = arrays.words(reasons), facts.replace("\\", "\\\\")
    return f"{customer_id}\t{at!r}\t{name}\t{message_id}\t{send_id}\t{link}\t{verdict}\t{because}\t{escaped}\n"
