"""Statements that find which organisations rows speak of, and refuse those that cannot stand where they say."""

from __future__ import annotations

from app.customers.imports.declared.declaration import Repeated
from app.customers.organisations.hierarchy import MOST_LEVELS

STAGE = "organisation_stage"
SEVERAL, TWICE, NAMELESS = "organisation_unclear", "organisation_twice", "organisation_name"
PARENT, CYCLE = "organisation_parent", "organisation_cycle"
_NAME = 'lower({}) COLLATE "C"'


def _same(one: str, other: str) -> str:
    return f"{_NAME.format(one)} = {_NAME.format(other)}"


_BY_NUMBER = f"""
    UPDATE {STAGE} s SET known_id = o.id FROM organisations o
    WHERE o.workspace_id = :w AND o.external_ref = s.organisation_ref
"""
# One that has a number is another one than a row with a number of its own.
_BY_NAME = f"""
    UPDATE {STAGE} s SET known_id = m.id, detail = s.organisation,
        outcome = CASE WHEN m.number > 1 THEN '{SEVERAL}' ELSE s.outcome END
    FROM (SELECT r.row, min(o.id) AS id, count(*) AS number
          FROM {STAGE} r JOIN organisations o ON o.workspace_id = :w AND {_same("o.name", "r.organisation")}
              AND (r.organisation_ref IS NULL OR o.external_ref IS NULL)
          WHERE r.known_id IS NULL GROUP BY r.row) m
    WHERE m.row = s.row
"""
_TWICE = f"""
    UPDATE {STAGE} s SET outcome = '{TWICE}', detail = coalesce(s.organisation, s.organisation_ref)
    FROM (SELECT row, count(*) OVER (PARTITION BY known_id) AS alike,
                 row_number() OVER (PARTITION BY known_id ORDER BY row) AS place
          FROM {STAGE} WHERE known_id IS NOT NULL AND outcome = 'created') m
    WHERE m.row = s.row AND m.place > 1
"""
_TWICE_NEW = f"""
    UPDATE {STAGE} s SET outcome = '{TWICE}', detail = s.organisation
    FROM (SELECT DISTINCT {_NAME.format("organisation")} AS name FROM {STAGE}
          WHERE known_id IS NULL AND organisation_ref IS NOT NULL) m
    WHERE s.known_id IS NULL AND s.organisation_ref IS NULL AND {_NAME.format("s.organisation")} = m.name
"""
_NAMELESS = f"""
    UPDATE {STAGE} SET outcome = '{NAMELESS}', detail = organisation_ref
    WHERE known_id IS NULL AND organisation IS NULL AND outcome = 'created'
"""
# A rehearsal numbers them by their rows, below any number there is.
_NUMBER = f"""
    UPDATE {STAGE} SET is_new = true,
        known_id = CASE WHEN CAST(:rehearse AS boolean) THEN -row ELSE nextval('organisations_id_seq') END
    WHERE known_id IS NULL AND outcome = 'created'
"""
_PARENTS = f"""
    WITH named AS MATERIALIZED (
        SELECT '#' || organisation_ref AS key, known_id AS id FROM {STAGE} WHERE organisation_ref IS NOT NULL
        UNION SELECT '#' || o.external_ref, o.id FROM organisations o JOIN {STAGE} r ON r.parent = o.external_ref
            WHERE o.workspace_id = :w
        UNION SELECT {_NAME.format("organisation")}, known_id FROM {STAGE} WHERE organisation IS NOT NULL
        UNION SELECT {_NAME.format("o.name")}, o.id FROM organisations o JOIN {STAGE} r ON {_same("o.name", "r.parent")}
            WHERE o.workspace_id = :w),
    meant AS MATERIALIZED (SELECT key, min(id) AS id, count(DISTINCT id) AS number FROM named GROUP BY key)
    UPDATE {STAGE} t SET parent_id = coalesce(n.id, c.id), detail = t.parent,
        outcome = CASE WHEN n.id IS NULL AND c.number > 1 THEN '{SEVERAL}'
            WHEN coalesce(n.id, c.id) IS NULL THEN '{PARENT}' ELSE t.outcome END
    FROM {STAGE} s LEFT JOIN meant n ON n.key = '#' || s.parent
    LEFT JOIN meant c ON c.key = {_NAME.format("s.parent")}
    WHERE t.row = s.row AND s.parent IS NOT NULL AND s.outcome = 'created'
"""
# What is known stays, where a file only fills what is empty.
_KNOWN_PARENTS = f"""
    UPDATE {STAGE} s SET parent_id = NULL FROM organisations o
    WHERE CAST(:fills AS boolean) AND o.workspace_id = :w AND o.id = s.known_id AND o.parent_id IS NOT NULL
"""
# Upwards and downwards as it will be: what rows say, over what is known.
_LEVELS = Repeated(f"""
    WITH RECURSIVE up(row, start, at, levels) AS (
        SELECT row, known_id, parent_id, 1 FROM {STAGE} WHERE parent_id IS NOT NULL AND outcome = 'created'
        UNION ALL
        SELECT up.row, up.start, coalesce(f.parent_id, o.parent_id), up.levels + 1
        FROM up LEFT JOIN {STAGE} f ON f.known_id = up.at AND f.outcome = 'created'
        LEFT JOIN organisations o ON o.workspace_id = :w AND o.id = up.at
        WHERE up.at <> up.start AND up.levels < {MOST_LEVELS}),
    down(row, id, levels) AS (
        SELECT row, known_id, 1 FROM {STAGE} WHERE parent_id IS NOT NULL AND outcome = 'created' AND NOT is_new
        UNION ALL
        SELECT d.row, b.id, d.levels + 1 FROM down d CROSS JOIN LATERAL (
            SELECT o.id FROM organisations o WHERE o.workspace_id = :w AND o.parent_id = d.id
                AND NOT EXISTS (SELECT FROM {STAGE} f WHERE f.known_id = o.id AND f.parent_id IS NOT NULL
                                AND f.outcome = 'created')) b
        WHERE d.levels < {MOST_LEVELS})
    UPDATE {STAGE} s SET outcome = '{CYCLE}', detail = s.parent
    FROM (SELECT row, bool_or(at = start) AS is_cycle, count(at) AS levels FROM up GROUP BY row) u
    LEFT JOIN (SELECT row, max(levels) AS levels FROM down GROUP BY row) d USING (row)
    WHERE s.row = u.row AND (u.is_cycle OR u.levels + coalesce(d.levels, 1) > {MOST_LEVELS})
""")
# What would stand below a row that is refused, and is new itself, has nothing to stand below.
_LOST = f"""
    WITH RECURSIVE lost(id) AS (
        SELECT known_id FROM {STAGE} WHERE is_new AND outcome <> 'created'
        UNION SELECT s.known_id FROM {STAGE} s JOIN lost ON s.parent_id = lost.id WHERE s.is_new)
    UPDATE {STAGE} s SET outcome = '{PARENT}', detail = s.parent
    FROM lost WHERE s.parent_id = lost.id AND s.outcome = 'created'
"""
STATEMENTS = (
    *(_BY_NUMBER, _BY_NAME, _TWICE, _TWICE_NEW, _NAMELESS, _NUMBER, _PARENTS, _KNOWN_PARENTS, _LEVELS, _LOST),
)
