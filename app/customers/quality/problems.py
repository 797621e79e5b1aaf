"""What can be wrong with what is known of people, as a value of its own, and the people each concerns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Select, select, text
from sqlalchemy.orm import Session

from app.customers.profiles import fields
from app.customers.quality import measures, reach, rules
from app.customers.quality.measures import EVERY, NAMES, REST
from app.kernel.refusals import NotFound

MISSING, STALE, EXPIRED, UNREACHABLE, SILENT = KINDS = ("missing", "stale", "expired", "unreachable", "silent")
_OF_A_FIELD = (MISSING, STALE, EXPIRED)
_BETWEEN = "|"
# Whose value expired and was not told anew.
EXPIRED_PEOPLE = """
    SELECT DISTINCT c.id AS customer_id, lost.name FROM replaced_values v
    CROSS JOIN LATERAL jsonb_object_keys(v.before) AS lost(name)
    JOIN customers c ON c.workspace_id = v.workspace_id AND c.id = v.customer_id
    WHERE v.workspace_id = :w AND v.replaced_by ->> 0 = 'expired'
      AND CASE WHEN lost.name LIKE 'custom.%' THEN c.custom ->> substr(lost.name, 8)
               ELSE to_jsonb(c) ->> lost.name END IS NULL
"""


@dataclass(frozen=True)
class Problem:
    """One thing to mend: a field that is missing, stale or expired (of a source), or people who cannot be reached."""

    kind: str
    # The field, or the reason why somebody cannot be reached.
    about: str = ""
    source: str = EVERY

    @property
    def key(self) -> str:
        """Return it as a word that pages and jobs hand on."""
        return _BETWEEN.join((self.kind, self.about, self.source))


def read(session: Session, workspace_id: int, key: str) -> Problem:
    """Return what a key stands for; raise NotFound for one that names nothing of this workspace."""
    parts = key.split(_BETWEEN)
    if len(parts) != 3 or parts[0] not in KINDS:
        raise NotFound
    found = Problem(*parts)
    if found.kind in _OF_A_FIELD and found.about not in names(session, workspace_id):
        raise NotFound
    if found.kind == UNREACHABLE and found.about not in reach.reasons(session):
        raise NotFound
    return found


def names(session: Session, workspace_id: int) -> tuple[str, ...]:
    """Return the names of the fields that are measured: what is built in, and the workspace's own."""
    return (*NAMES, *(f"{measures.CUSTOM}{each.key}" for each in fields.list_custom(session, workspace_id)))


def people_query(
    session: Session, workspace_id: int, problem: Problem, *, shown: list[str], now: datetime
) -> Select[int]:
    """Select the `customer_id` of everybody concerned. `shown` are the sources that are counted by themselves."""
    if problem.kind == UNREACHABLE:
        return reach.people_query(session, workspace_id, problem.about, now=now)
    judged = rules.read(session, workspace_id)
    if problem.kind == SILENT:
        return reach.silent_query(workspace_id, judged, now=now)
    if problem.kind == EXPIRED:
        return _selected(
            f"SELECT customer_id FROM ({EXPIRED_PEOPLE}) lost WHERE name = :name", w=workspace_id, name=problem.about
        )
    measured = measures.measure(problem.about)
    binds = {"w": workspace_id, **measured.binds}
    where = f"NOT ({measured.known})" if problem.kind == MISSING else measured.stale
    if problem.kind == STALE:
        binds["stale_before"] = int(judged.stale_before(now).timestamp())
    if problem.source == REST:
        where += f" AND NOT ({measures.SOURCE}) = ANY(CAST(:shown AS text[]))"
        binds["shown"] = shown
    elif problem.source != EVERY:
        where += f" AND ({measures.SOURCE}) = :source"
        binds["source"] = problem.source
    everybody = f"SELECT c.id AS customer_id {measures.FROM_PEOPLE} WHERE c.workspace_id = :w"
    return _selected(f"{everybody} AND {where}", **binds)


def _selected(statement: str, **binds: object) -> Select[int]:
    asked = text(statement)
    used = {name: value for name, value in binds.items() if name in asked._bindparams}
    found = asked.bindparams(**used).columns(customer_id=BigInteger).subquery()
    return select(found.c.customer_id)
