"""Counts hits of one message beyond the limit up to which they are stored one by one.

Whoever has a link may open it as often as they like. What is kept is judged, and can be judged anew; what is not is
no evidence of a person.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    SELECT h.message_id, h.kind, h.stored, CAST(extract(epoch FROM h.latest_at) AS float8)
    FROM unnest(CAST(:customer_ids AS bigint[]), CAST(:message_ids AS bigint[])) AS asked(customer_id, message_id)
    JOIN message_hits h ON h.workspace_id = :workspace_id AND h.customer_id = asked.customer_id
                       AND h.message_id = asked.message_id
    """
)
_ADD = text(
    """
    INSERT INTO message_hits AS h (workspace_id, customer_id, message_id, kind, stored, beyond, latest_at)
    SELECT :workspace_id, customer_id, message_id, kind, stored, beyond, to_timestamp(latest) FROM unnest(
        CAST(:customer_ids AS bigint[]), CAST(:message_ids AS bigint[]), CAST(:kinds AS text[]),
        CAST(:stored AS bigint[]), CAST(:beyond AS bigint[]), CAST(:times AS float8[]))
        AS come (customer_id, message_id, kind, stored, beyond, latest)
    ON CONFLICT (workspace_id, customer_id, message_id, kind) DO UPDATE SET
        stored = h.stored + excluded.stored, beyond = h.beyond + excluded.beyond,
        latest_at = greatest(h.latest_at, excluded.latest_at)
    """
)
_NEARBY = verdicts.NEARBY.total_seconds()


@dataclass(slots=True)
class Tally:
    """How many hits of one kind a message has that are kept, and when the latest of all came (seconds since 1970)."""

    stored: int
    latest: float


@dataclass(frozen=True, slots=True)
class Sorted:
    """Hits of messages that were hit more than once: those to keep and those to count."""

    kept: list[Line]
    beyond: list[Line]


def read(session: Session, workspace_id: int, owners: Mapping[int, int]) -> dict[Key, Tally]:
    """Return what is known of these messages (customer by message); nothing of most."""
    values = {
        "workspace_id": workspace_id,
        "customer_ids": arrays.numbers(owners.values()),
        "message_ids": arrays.numbers(owners.keys()),
    }
    return {(row[0], row[1]): Tally(row[2], row[3]) for row in session.execute(_READ, values)}


def sort(lines: Sequence[Line], known: Mapping[Key, Tally]) -> Sorted:
    """Say of each hit whether it is kept. `known` itself stays as it was."""
    tallies = {key: Tally(tally.stored, tally.latest) for key, tally in known.items()}
    kept: list[Line] = []
    beyond: list[Line] = []
    for line in sorted(lines, key=lambda line: line.at):
        tally = tallies.get((line.message_id, line.kind))
        if tally is None:
            tally = tallies[line.message_id, line.kind] = Tally(0, float("-inf"))
        is_lone = line.at - tally.latest > _NEARBY
        if tally.stored < MOST_KEPT + (MOST_LONE if is_lone else 0):
            tally.stored += 1
            kept.append(line)
        else:
            beyond.append(line)
        tally.latest = max(tally.latest, line.at)
    return Sorted(kept, beyond)


def add(
    session: Session, workspace_id: int, batch: Sorted, known: Mapping[Key, Tally], lately: Mapping[Key, int]
) -> None:
    """Write down how many hits came, of messages that had more than one. `lately` counts those stored just before."""
    come: dict[Key, list[Line]] = defaultdict(list)
    for line in (*batch.kept, *batch.beyond):
        come[line.message_id, line.kind].append(line)
    of_beyond = Counter((line.message_id, line.kind) for line in batch.beyond)
    rows = []
    for key, lines in sorted(come.items(), key=lambda item: (item[1][0].customer_id, item[0])):
        before = 0 if key in known else lately.get(key, 0)
        if len(lines) + before < 2 and key not in known:
            continue
        stored, latest = before + len(lines) - of_beyond[key], max(line.at for line in lines)
        rows.append((lines[0].customer_id, *key, stored, of_beyond[key], latest))
    if rows:
        names = ("customer_ids", "message_ids", "kinds", "stored", "beyond", "times")
        values = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        session.execute(_ADD, {"workspace_id": workspace_id, **values})
    machines = Counter(line.customer_id for line in batch.beyond)
    engagement.add_machine_hits(session, workspace_id, dict(sorted(machines.items())))
