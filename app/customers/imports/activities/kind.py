"""Activities as a kind of import: events of any name with properties, of people who are known."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers import values
from app.customers.imports.declared import columns, finding
from app.customers.imports.declared.columns import Column, Unreadable
from app.customers.imports.declared.declaration import Declaration
from app.customers.imports.declared.kind import DeclaredKind
from app.customers.imports.declared.rows import DeclaredReader, DeclaredRow, Told, Unfit
from app.customers.imports.mapping.guessing import PROPERTY
from app.customers.imports.mapping.mapping import Options
from app.customers.imports.models import Import
from app.customers.imports.refused import NOBODY, TOO_LONG
from app.customers.imports.undoing.piece import ROWS, Piece
from app.customers.timeline.activities import EARLIEST, FURTHEST_AHEAD
from app.customers.timeline.event_names import is_reserved
from app.customers.words import LABELS
from app.kernel.translatable import N_

_STAGE = "activity_stage"
LONGEST_NAME, LONGEST_KEY = 80, 40
LONGEST_PROPERTY, MOST_PROPERTIES = 500, 20


def _name(text: str, _options: Options) -> str:
    clean = values.one_line(text)
    if len(clean) > LONGEST_NAME:
        raise Unreadable(TOO_LONG)
    if is_reserved(clean):
        raise Unreadable("event_reserved")
    return clean


def _properties(text: str, _options: Options) -> dict[str, Any]:
    """Read `plan: gold; seats: 3`, or a JSON object of plain values."""
    found: dict[str, Any] = {}
    if text.startswith("{"):
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            raise Unreadable("properties") from None
        found = told if isinstance(told, dict) else {"": ""}
    else:
        for part in filter(str.strip, text.split(";")):
            name, sign, value = part.partition(":")
            found[values.one_line(name) if sign else ""] = values.one_line(value)
    return found


def _property(text: str, _options: Options) -> str:
    return values.one_line(text)


def _data(row: DeclaredRow, _digest_key: bytes) -> str:
    return json.dumps(row.told["properties"], ensure_ascii=False)


_COLUMNS = (
    Column("email", LABELS["email"], columns.email),
    Column("external_ref", LABELS["external_ref"], columns.line()),
    Column("event", N_("Event"), _name),
    Column("happened_at", N_("When it happened"), columns.moment, "timestamptz"),
    Column("event_ref", N_("Number of the event"), columns.line()),
    Column("properties", N_("Properties"), _properties, "jsonb"),
)
_SOUND = """a.source = 'import' AND a.name = s.event AND a.at = s.happened_at AND a.facts -> 'data' = s.data"""
_DECLARED = Declaration(
    stage=_STAGE,
    columns=_COLUMNS,
    further={"data": "jsonb", "customer_id": "bigint"},
    derived={"data": _data},
    settle=(
        finding.people(_STAGE),
        f"""UPDATE {_STAGE} SET outcome = 'event_time', detail = CAST(happened_at AS text) WHERE outcome = 'created'
            AND NOT happened_at BETWEEN '{EARLIEST.isoformat()}' AND CAST(:now AS timestamptz)
                + interval '{FURTHEST_AHEAD.days} days'""",
        # One that is told once more is the same: by its number, else by who, what and when.
        f"""UPDATE {_STAGE} s SET outcome = 'repeated' FROM (
                SELECT row, row_number() OVER (
                    PARTITION BY event_ref, CASE WHEN event_ref IS NULL THEN
                        (customer_id, event, happened_at, CAST(data AS text)) END ORDER BY row) AS place
                FROM {_STAGE} WHERE outcome = 'created') m
            WHERE m.row = s.row AND m.place > 1""",
        f"""UPDATE {_STAGE} s SET outcome = 'unchanged' WHERE outcome = 'created' AND event_ref IS NOT NULL AND EXISTS (
                SELECT FROM activity_refs r WHERE r.workspace_id = :w AND r.event_ref = s.event_ref)""",
        f"""UPDATE {_STAGE} s SET outcome = 'unchanged' WHERE outcome = 'created' AND event_ref IS NULL AND EXISTS (
                SELECT FROM activities a WHERE a.workspace_id = :w AND a.customer_id = s.customer_id AND {_SOUND})""",
    ),
    write=(
        f"""INSERT INTO activity_refs (workspace_id, event_ref, customer_id, import_id)
            SELECT :w, s.event_ref, s.customer_id, CAST(:import_id AS bigint) FROM {_STAGE} s
            WHERE s.outcome = 'created' AND s.event_ref IS NOT NULL ON CONFLICT DO NOTHING""",
        f"""INSERT INTO activities (workspace_id, customer_id, at, recorded_at, name, source, recorded_by, facts)
            SELECT CAST(:w AS bigint), s.customer_id, s.happened_at, CAST(:now AS timestamptz), s.event, 'import',
                   CAST(:import_id AS bigint), jsonb_build_object('data', s.data)
            FROM {_STAGE} s WHERE s.outcome = 'created' ORDER BY s.customer_id, s.happened_at, s.row""",
    ),
)
_NEXT = text(
    """
    SELECT customer_id, at, id FROM activities
    WHERE workspace_id = :w AND source = 'import' AND recorded_by = :import_id LIMIT :limit
    """
)
_REMOVE = text(
    """
    DELETE FROM activities a
    USING unnest(CAST(:customers AS bigint[]), CAST(:times AS timestamptz[]), CAST(:ids AS bigint[]))
        AS g(customer, at, id)
    WHERE a.workspace_id = :w AND a.customer_id = g.customer AND a.at = g.at AND a.id = g.id
      AND a.at BETWEEN :since AND :until
    """
)
_FORGET = text("DELETE FROM activity_refs WHERE workspace_id = :w AND import_id = :import_id")


class Activities(DeclaredKind):
    """One event a row. Nothing starts by it: what a file tells of is past."""

    name = "activities"
    label = N_("Activities")
    description = N_("Activities: events of any name with properties")
    needed = frozenset(("event", "happened_at"))
    declared = _DECLARED
    known_by = ("email", "external_ref")
    hint = N_("Choose the columns of the person (email or customer number), the event, and when it happened.")
    fills = False

    def choices(self, session: Session, found: Import) -> list[tuple[str, str]]:
        own = dict.fromkeys(name[:LONGEST_KEY] for name in map(values.one_line, found.header) if name)
        return [*self.targets(session, found.workspace_id), *((f"{PROPERTY}{name}", name) for name in own)]

    def identify(self, told: Told) -> tuple[str, str]:
        who = told.get("external_ref") or told.get("email")
        if not who:
            raise Unfit(NOBODY, "email")
        for column, reason in (("event", "event"), ("happened_at", "date")):
            if column not in told:
                raise Unfit(reason, column)
        own = {name.removeprefix(PROPERTY): told.pop(name) for name in list(told) if name.startswith(PROPERTY)}
        data = {**told.get("properties", {}), **own}
        if not all(0 < len(key) <= LONGEST_KEY and _is_text(key) and _is_plain(value) for key, value in data.items()):
            raise Unfit("properties", "properties")
        if len(data) > MOST_PROPERTIES:
            raise Unfit("properties", "properties")
        told["properties"] = data
        number = told.get("event_ref")
        if number:
            return f"#{number}", who
        return json.dumps([who, told["event"], told["happened_at"].isoformat(), data], sort_keys=True), who

    def reader(self, session: Session, found: Import, options: Options) -> DeclaredReader:  # noqa: ARG002
        return DeclaredReader((*_COLUMNS, *_own(found)), self.identify, found, options)

    def undo(self, session: Session, found: Import, *, after: int, now: datetime) -> Piece:  # noqa: ARG002
        binds = {"w": found.workspace_id, "import_id": found.id}
        rows = session.execute(_NEXT, {**binds, "limit": ROWS}).all()
        if not rows:
            session.execute(_FORGET, binds)
            return Piece(None, {})
        people, times, ids = (list(column) for column in zip(*rows, strict=True))
        period = {"since": min(times), "until": max(times)}
        session.execute(_REMOVE, {**binds, **period, "customers": people, "times": times, "ids": ids})
        return Piece(after + len(rows), {"activities_removed": len(rows)})


def _own(found: Import) -> list[Column]:
    """Return the columns that keep their heading as the name of a property."""
    named = {target for target in found.mapping.values() if target.startswith(PROPERTY)}
    return [Column(name, name.removeprefix(PROPERTY), _property) for name in sorted(named)]


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return _is_text(value)
    return isinstance(value, bool) or (isinstance(value, int | float) and abs(value) < 10**15)


def _is_text(value: str) -> bool:
    """Say whether the database can keep it: no NUL, no half a character, not endless."""
    try:
        return len(value) <= LONGEST_PROPERTY and b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False
