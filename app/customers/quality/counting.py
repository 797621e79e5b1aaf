"""Counts the quality of a workspace's data set by set, for the page that reads what was kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.customers.quality import measures, problems, reach, rules, uses
from app.customers.quality.measures import EVERY, REST
from app.customers.quality.models import FieldFill, FieldUse, QualityCount, ReachCount
from app.customers.quality.uses import FieldUses
from app.kernel import extensions
from app.kernel.queueing import outbox

# So many sources stand by themselves, those that brought most; the others are one.
MOST_SOURCES = 12
JOB = "customers.count_quality_of"
# So many fields are counted by one statement: a row of results has a bounded number of columns.
AT_ONCE = 60
_EXPIRED = text(f"SELECT name, count(*) AS people FROM ({problems.EXPIRED_PEOPLE}) lost GROUP BY name")
# A count that nobody has heard of for so long is asked for anew.
_LOST_AFTER = timedelta(minutes=10)


def ask(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Have everything counted anew; asked for twice, it is counted once."""
    asked = upsert(QualityCount).values(workspace_id=workspace_id, everyone=0, silent=0, asked_at=now)
    session.execute(asked.on_conflict_do_update(index_elements=["workspace_id"], set_={"asked_at": now}))
    outbox.enqueue(session, JOB, workspace_id=workspace_id, key=f"{JOB}:{workspace_id}")


def is_counting(kept: QualityCount | None, *, now: datetime) -> bool:
    """Say whether a count that was asked for has not come yet."""
    if kept is None or kept.asked_at is None or now - kept.asked_at > _LOST_AFTER:
        return False
    return kept.counted_at is None or kept.counted_at < kept.asked_at


def has_counted(session: Session, workspace_id: int) -> bool:
    """Say whether the workspace's data was ever counted."""
    kept = session.get(QualityCount, workspace_id)
    return kept is not None and kept.counted_at is not None


def recount(session: Session, workspace_id: int, *, now: datetime, most_sources: int = MOST_SOURCES) -> None:
    """Count everything, and keep it in the place of what was kept; the sources after the first ones are one."""
    judged = rules.read(session, workspace_id)
    names = problems.names(session, workspace_id)
    known = _known(session, workspace_id, names, stale_before=int(judged.stale_before(now).timestamp()))
    fill = _fill(session, workspace_id, known, most_sources)
    reasons = reach.counts(session, workspace_id, now=now)
    silent = select(func.count()).select_from(reach.silent_query(workspace_id, judged, now=now).subquery())
    used = uses.count(extensions.of(session, FieldUses), session, workspace_id, names)
    _keep(session, workspace_id, FieldFill, fill)
    _keep(session, workspace_id, ReachCount, [{"reason": each, "people": count} for each, count in reasons.items()])
    _keep(session, workspace_id, FieldUse,
          [{"name": name, "kind": kind, "uses": count} for (name, kind), count in used.items()])  # fmt: skip
    everyone = next((row["people"] for row in fill if (row["source"], row["name"]) == (EVERY, EVERY)), 0)
    values = {"everyone": everyone, "silent": session.scalar(silent) or 0, "counted_at": now}
    keeping = upsert(QualityCount).values(workspace_id=workspace_id, **values)
    session.execute(keeping.on_conflict_do_update(index_elements=["workspace_id"], set_=values))


def _keep(session: Session, workspace_id: int, table: type[Any], rows: Sequence[dict[str, Any]]) -> None:
    session.execute(delete(table).where(table.workspace_id == workspace_id))
    if rows:
        session.execute(insert(table), [{"workspace_id": workspace_id, **row} for row in rows])


# By source and field: how many values are known, and how many of them are old.
_Known = dict[str, dict[str, tuple[int, int]]]


def _known(session: Session, workspace_id: int, names: Sequence[str], *, stale_before: int) -> _Known:
    known: _Known = defaultdict(dict)
    for start in range(0, len(names), AT_ONCE):
        part = names[start : start + AT_ONCE]
        for source, name, people, stale in _counted(session, workspace_id, part, stale_before):
            known[source][name] = (people, stale)
    return known


def _fill(session: Session, workspace_id: int, known: _Known, most_sources: int) -> list[dict[str, Any]]:
    """Return the rows of the picture: every field of every source that is shown, of the others, and of all."""
    largest = sorted(known, key=lambda source: (-known[source][EVERY][0], source))[:most_sources]
    shown: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for source, fields in known.items():
        for place in (source if source in largest else REST, EVERY):
            for name, (people, stale) in fields.items():
                shown[place][name][0] += people
                shown[place][name][1] += stale
    lost = {row.name: row.people for row in session.execute(_EXPIRED, {"w": workspace_id})}
    return [
        {"source": source, "name": name, "people": people, "stale": stale,
         "expired": lost.get(name, 0) if source == EVERY else 0}
        for source, fields in shown.items()
        for name, (people, stale) in fields.items()
    ]  # fmt: skip


def _counted(
    session: Session, workspace_id: int, names: Sequence[str], stale_before: int
) -> Iterator[tuple[str, str, int, int]]:
    """Yield (source, field, known, stale) in one pass over everybody; the field `*` counts the people."""
    binds: dict[str, Any] = {"w": workspace_id, "stale_before": stale_before}
    columns = []
    for number, each in enumerate(measures.measure_all(names)):
        binds |= each.binds
        columns.append(f"count(*) FILTER (WHERE {each.known}) AS known_{number}")
        columns.append(f"count(*) FILTER (WHERE {each.stale}) AS stale_{number}")
    statement = text(
        f"SELECT {measures.SOURCE} AS source, count(*) AS people, {', '.join(columns)}"
        f" {measures.FROM_PEOPLE} WHERE c.workspace_id = :w GROUP BY 1"
    )
    for source, people, *counts in session.execute(statement, binds):
        yield source, EVERY, people, 0
        for number, name in enumerate(names):
            yield source, name, counts[2 * number], counts[2 * number + 1]
