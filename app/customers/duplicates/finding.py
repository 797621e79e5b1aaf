"""Finds customers who may be one person: by what only one person has, and by record linkage where it is installed.

A hard link is an address or number that two records share: an email that was one's and is the other's, a phone number,
the number of one source that is the customer number in another. Families share phones, so first names must not differ.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.duplicates import linkage
from app.customers.duplicates.records import Record, spelled
from app.kernel import extensions

# Whoever shares a number with more people than this shares it with an office.
_MOST_AT_ONE = 5
# Linkage holds everybody in memory; larger bases are compared by hard links alone.
MOST_LINKED = 100_000
# What is less probable than this costs staff more time than it saves.
LEAST_LINKED = 0.7
_KEEP = """
    INSERT INTO duplicate_pairs (workspace_id, one_id, other_id, kind, probability, evidence, found_at)
    SELECT :w, least(f.one, f.other), greatest(f.one, f.other), {kind}, {probability}, {evidence}, :now
    FROM ({found}) f {more} ON CONFLICT (workspace_id, one_id, other_id) {conflict} RETURNING id
"""
_SAME_NAME = "(p.first_name IS NULL OR q.first_name IS NULL OR p.first_name = q.first_name)"
_HARD = f"""
    WITH living AS (
        SELECT a.customer_id, a.key, a.verified_at, lower(c.first_name) AS first_name, lower(c.last_name) AS last_name
        FROM addresses a JOIN customers c ON c.workspace_id = :w AND c.id = a.customer_id
        WHERE a.workspace_id = :w AND a.kind = 'phone' AND a.ended_at IS NULL),
    told AS (SELECT key FROM living GROUP BY key HAVING count(DISTINCT customer_id) BETWEEN 2 AND {_MOST_AT_ONE})
    SELECT p.customer_id AS one, q.customer_id AS other, 'phone' AS what,
           CASE WHEN p.verified_at IS NOT NULL AND q.verified_at IS NOT NULL THEN 0.99
                WHEN p.first_name = q.first_name AND p.last_name = q.last_name THEN 0.98 ELSE 0.9 END AS probability
    FROM told JOIN living p ON p.key = told.key
    JOIN living q ON q.key = told.key AND q.customer_id > p.customer_id WHERE {_SAME_NAME}
    UNION ALL
    SELECT a.customer_id, b.customer_id, 'email', 0.99 FROM addresses a
    JOIN addresses b ON b.workspace_id = :w AND b.kind = 'email' AND b.key = a.key AND b.ended_at IS NULL
        AND b.customer_id <> a.customer_id
    WHERE a.workspace_id = :w AND a.kind = 'email' AND a.ended_at IS NOT NULL
      AND (a.verified_at IS NOT NULL OR b.verified_at IS NOT NULL)
"""
_BOTH_THERE = """
    WHERE EXISTS (SELECT FROM customers c WHERE c.workspace_id = :w AND c.id = f.one)
      AND EXISTS (SELECT FROM customers c WHERE c.workspace_id = :w AND c.id = f.other) AND f.one <> f.other
"""
_PEOPLE = text(
    """
    SELECT c.id, c.first_name, c.last_name, c.birth_date, c.email_key AS email, p.key AS phone, c.city,
           o.name AS organisation
    FROM customers c
    LEFT JOIN addresses p ON p.workspace_id = :w AND p.customer_id = c.id AND p.kind = 'phone' AND p.is_primary
    LEFT JOIN organisation_members m ON m.workspace_id = :w AND m.customer_id = c.id AND m.is_primary
    LEFT JOIN organisations o ON o.workspace_id = :w AND o.id = m.organisation_id
    WHERE c.workspace_id = :w ORDER BY c.id LIMIT :limit
    """
)


class Link(NamedTuple):
    """Two customers whom a room knows by one number."""

    one: int
    other: int


# (session, workspace_id) -> the pairs that a room knows by one number
Links = Callable[[Session, int], Sequence[Link]]


@dataclass(frozen=True)
class HardLinks:
    """The rooms that know customers by numbers of other sources."""

    of_rooms: tuple[Links, ...] = ()


def find_hard(session: Session, workspace_id: int, *, now: datetime) -> int:
    """Keep every pair that shares an address or number and is not known yet; return how many there are."""
    values = {"w": workspace_id, "now": now}
    evidence = "jsonb_object_agg(f.what, 'same')"
    # Several things may speak for one pair.
    found = f"SELECT DISTINCT least(h.one, h.other) AS one, greatest(h.one, h.other) AS other, h.what, h.probability" \
        f" FROM ({_HARD}) h"
    sql = _KEEP.format(
        kind="'hard'", probability="max(f.probability)", evidence=evidence, found=found,
        more=f"{_BOTH_THERE} GROUP BY least(f.one, f.other), greatest(f.one, f.other)", conflict="DO NOTHING",
    )  # fmt: skip
    kept = len(session.execute(text(sql), values).all())
    links = [link for each in extensions.of(session, HardLinks).of_rooms for link in each(session, workspace_id)]
    return kept + _keep(session, workspace_id, [(*link, 0.95, {"external_ref": "same"}) for link in links], "hard", now)


def may_link(session: Session, workspace_id: int) -> bool:
    """Say whether record linkage is installed, and the base small enough for it."""
    many = text("SELECT count(*) FROM (SELECT FROM customers WHERE workspace_id = :w LIMIT :most) c")
    is_installed = importlib.util.find_spec("splink") is not None
    return is_installed and session.scalar(many, {"w": workspace_id, "most": MOST_LINKED + 1}) <= MOST_LINKED


def read_people(session: Session, workspace_id: int) -> list[Record]:
    """Return everybody as records that can be compared."""
    rows = session.execute(_PEOPLE, {"w": workspace_id, "limit": MOST_LINKED})
    return [spelled(row.id, {name: str(value) for name, value in row._mapping.items() if value}) for row in rows]


def keep_soft(session: Session, workspace_id: int, pairs: Sequence[linkage.Pair], *, now: datetime) -> int:
    """Keep the pairs that linkage found and that are not known yet; return how many there are."""
    told = [
        (int(pair.left.id), int(pair.right.id), pair.probability, dict(pair.agreement)) for pair in pairs
    ]  # fmt: skip
    return _keep(session, workspace_id, told, "soft", now)


def _keep(
    session: Session,
    workspace_id: int,
    pairs: Sequence[tuple[int, int, float, dict[str, str]]],
    kind: str,
    now: datetime,
) -> int:
    found = """SELECT * FROM jsonb_to_recordset(CAST(:pairs AS jsonb))
        AS told(one bigint, other bigint, probability numeric, evidence jsonb)"""
    sql = _KEEP.format(
        kind=":kind", probability="f.probability", evidence="f.evidence", found=found, more=_BOTH_THERE,
        conflict="DO NOTHING",
    )  # fmt: skip
    names = ("one", "other", "probability", "evidence")
    spelled_out = json.dumps([dict(zip(names, pair, strict=True)) for pair in pairs])
    values = {"w": workspace_id, "now": now, "kind": kind, "pairs": spelled_out}
    return len(session.execute(text(sql), values).all()) if pairs else 0
