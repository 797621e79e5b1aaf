"""Counts hits of one message beyond the limit up to which they are stored one by one.

Whoever has a link may open it as often as they like. What is kept is judged, and can be judged anew; what is not is
no evidence of a person.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.profiles import engagement
from app.kernel.sql import arrays
from app.tracking.hits import verdicts
from app.tracking.hits.spool import Line

MOST_KEPT = 400
# Kept on top: a hit that comes alone, long after a scanner used the limit up, may be the person's.
MOST_LONE = 100

# (message id, kind)
Key = tuple[int, str]

_READ = text(
    """
    SELECT h.message_id, h.kind, h.stored, h.latest_at
    FROM unnest(CAST(:customer_ids AS bigint[]), CAST(:message_ids AS bigint[])) AS asked(customer_id, message_id)
    JOIN message_hits h ON h.workspace_id = :workspace_id AND h.customer_id = asked.customer_id
                       AND h.message_id = asked.message_id
    """
)
_ADD = text(
    """
    INSERT INTO message_hits AS h (workspace_id, customer_id, message_id, kind, stored, beyond, latest_at)
    SELECT :workspace_id, * FROM unnest(
        CAST(:customer_ids AS bigint[]), CAST(:message_ids AS bigint[]), CAST(:kinds AS text[]),
        CAST(:stored AS bigint[]), CAST(:beyond AS bigint[]), CAST(:times AS timestamptz[]))
    ON CONFLICT (workspace_id, customer_id, message_id, kind) DO UPDATE SET
        stored = h.stored + excluded.stored, beyond = h.beyond + excluded.beyond,
        latest_at = greatest(h.latest_at, excluded.latest_at)
    """
)

@dataclass(slots=True)
class Tally:
    """How many hits of one kind a message has that are kept, and when the latest of all came."""

    stored: int
    latest_at: datetime


@dataclass(frozen=True, slots=True)
class Sorted:
    """A batch's hits: those to keep, those to count, and what was known of their messages."""

    kept: list[Line]
    beyond: list[Line]
    known: dict[Key, Tally]


def read(session: Session, workspace_id: int, lines: Iterable[Line]) -> dict[Key, Tally]:
    """Return what is known of these hits' messages; nothing of most."""
    owners = {line.message_id: line.customer_id for line in lines}
    values = {
        "workspace_id": workspace_id,
        "customer_ids": arrays.numbers(owners.values()),
        "message_ids": arrays.numbers(owners.keys()),
    }
    return {(row[0], row[1]): Tally(row[2], row[3]) for row in session.execute(_READ, values)}


def sort(lines: Sequence[Line], known: dict[Key, Tally]) -> Sorted:
    """Say of each hit whether it is kept. `known` itself stays as it was."""
    tallies = {key: Tally(tally.stored, tally.latest_at) for key, tally in known.items()}
    kept: list[Line] = []
    beyond: list[Line] = []
    for line in sorted(lines, key=lambda line: line.at):
        at = datetime.fromtimestamp(line.at, UTC)
        tally = tallies.get((line.message_id, line.kind))
        if tally is None:
            tally = tallies[line.message_id, line.kind] = Tally(0, datetime.min.replace(tzinfo=UTC))
        is_lone = at - tally.latest_at > verdicts.NEARBY
        if tally.stored < MOST_KEPT + (MOST_LONE if is_lone else 0):
            tally.stored += 1
            kept.append(line)
        else:
            beyond.append(line)
        tally.latest_at = max(tally.latest_at, at)
    return Sorted(kept, beyond, known)


def add(session: Session, workspace_id: int, batch: Sorted, lately: Counter[Key]) -> None:
    """Write down how many hits came, of messages that had more than one. `lately` counts those stored just before."""
    come: dict[Key, list[Line]] = defaultdict(list)
    for line in (*batch.kept, *batch.beyond):
        come[line.message_id, line.kind].append(line)
    of_beyond = Counter((line.message_id, line.kind) for line in batch.beyond)
    rows = []
    for key, lines in sorted(come.items(), key=lambda item: (item[1][0].customer_id, item[0])):
        if len(lines) + lately[key] < 2 and key not in batch.known:
            continue
        before = 0 if key in batch.known else lately[key]
        stored, latest = before + len(lines) - of_beyond[key], max(line.at for line in lines)
        rows.append((lines[0].customer_id, *key, stored, of_beyond[key], datetime.fromtimestamp(latest, UTC)))
    if rows:
        names = ("customer_ids", "message_ids", "kinds", "stored", "beyond", "times")
        values = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        session.execute(_ADD, {"workspace_id": workspace_id, **values})
    machines = Counter(line.customer_id for line in batch.beyond)
    engagement.add_machine_hits(session, workspace_id, dict(sorted(machines.items())))
