"""Statements that write relations, memberships and households, and keep what they change."""

from __future__ import annotations

from app.customers.imports.relations.finding import MEMBER, STAGE

_TAKEN = "s.outcome IN ('created', 'updated')"
_RELATE = f"""
    INSERT INTO customer_relations (workspace_id, customer_id, kind, related_id, created_at, import_id)
    SELECT DISTINCT CAST(:w AS bigint), s.one_id, s.kind, s.two_id, CAST(:now AS timestamptz),
        CAST(:import_id AS bigint)
    FROM {STAGE} s WHERE {_TAKEN} AND s.is_related = 'created' ON CONFLICT DO NOTHING
"""
_KEEP_MEMBERS = f"""
    INSERT INTO import_changes (workspace_id, import_id, kind, row_id, before)
    SELECT :w, :import_id, 'member', s.row, jsonb_build_object('member', to_jsonb(m))
    FROM {STAGE} s JOIN organisation_members m ON m.workspace_id = :w AND m.organisation_id = s.organisation_id
        AND m.customer_id = s.customer_id
    WHERE {_TAKEN} AND s.is_member = 'updated' AND m.import_id IS DISTINCT FROM :import_id
    ON CONFLICT DO NOTHING
"""
_CHANGE_MEMBERS = f"""
    UPDATE organisation_members m SET import_id = :import_id,
        is_primary = m.is_primary AND coalesce(s.member_until, m.until) IS NULL,
        {{sets}}
    FROM {STAGE} s
    WHERE {_TAKEN} AND s.is_member = 'updated' AND m.workspace_id = :w AND m.organisation_id = s.organisation_id
      AND m.customer_id = s.customer_id
"""
# The first organisation that somebody is at still is the primary one.
_ADD_MEMBERS = f"""
    INSERT INTO organisation_members (workspace_id, organisation_id, customer_id, position, buying_roles, is_primary,
                                      since, until, created_at, import_id)
    SELECT :w, s.organisation_id, s.customer_id, s.position, coalesce(s.buying_roles, '{{}}'),
           s.member_until IS NULL AND NOT EXISTS (
               SELECT FROM organisation_members p WHERE p.workspace_id = :w AND p.customer_id = s.customer_id
                   AND p.is_primary)
           AND s.row = (SELECT min(f.row) FROM {STAGE} f WHERE f.customer_id = s.customer_id
                          AND f.is_member = 'created' AND f.member_until IS NULL
                          AND f.outcome IN ('created', 'updated')),
           s.member_since, s.member_until, CAST(:now AS timestamptz), :import_id
    FROM {STAGE} s WHERE {_TAKEN} AND s.is_member = 'created' ORDER BY s.row ON CONFLICT DO NOTHING
"""
_FOUND_HOUSEHOLDS = f"""
    INSERT INTO households (workspace_id, id, name, external_ref, created_at, import_id)
    SELECT DISTINCT ON (s.household_id) :w, s.household_id, s.household, s.household, CAST(:now AS timestamptz),
           CAST(:import_id AS bigint)
    FROM {STAGE} s WHERE {_TAKEN} AND s.is_new_household ORDER BY s.household_id ON CONFLICT DO NOTHING
"""
_KEEP_HOMES = f"""
    INSERT INTO import_changes (workspace_id, import_id, kind, row_id, before)
    SELECT :w, :import_id, 'home', m.customer_id, jsonb_build_object('home', to_jsonb(m), 'household', to_jsonb(h))
    FROM {STAGE} s JOIN household_members m ON m.workspace_id = :w AND m.customer_id = s.customer_id
    JOIN households h ON h.workspace_id = :w AND h.id = m.household_id
    WHERE {_TAKEN} AND s.is_home = 'updated' AND m.import_id IS DISTINCT FROM :import_id
    ON CONFLICT DO NOTHING
"""
_MOVE = f"""
    INSERT INTO household_members AS m (workspace_id, customer_id, household_id, import_id)
    SELECT DISTINCT ON (s.customer_id) CAST(:w AS bigint), s.customer_id, s.household_id, CAST(:import_id AS bigint)
    FROM {STAGE} s WHERE {_TAKEN} AND s.is_home IN ('created', 'updated') ORDER BY s.customer_id, s.row
    ON CONFLICT (workspace_id, customer_id) DO UPDATE
    SET household_id = excluded.household_id, import_id = excluded.import_id
"""
# One that nobody lives in any more goes.
_DROP_EMPTY = """
    DELETE FROM households h USING relation_stage s JOIN import_changes x
        ON x.workspace_id = :w AND x.import_id = :import_id AND x.kind = 'home' AND x.row_id = s.customer_id
    WHERE s.is_home = 'updated' AND h.workspace_id = :w
      AND h.id = CAST(x.before -> 'household' ->> 'id' AS bigint)
      AND NOT EXISTS (SELECT FROM household_members m WHERE m.workspace_id = :w AND m.household_id = h.id)
"""


def _sets() -> str:
    olds = {"buying_roles": "nullif(m.buying_roles, '{}')"}
    return ", ".join(
        f"{kept} = CASE WHEN CAST(:fills AS boolean) THEN coalesce({olds.get(kept, f'm.{kept}')}, s.{said}, m.{kept})"
        f" ELSE coalesce(s.{said}, m.{kept}) END"
        for kept, said in MEMBER.items()
    )


STATEMENTS = (
    *(_RELATE, _KEEP_MEMBERS, _CHANGE_MEMBERS.format(sets=_sets()), _ADD_MEMBERS),
    *(_FOUND_HOUSEHOLDS, _KEEP_HOMES, _MOVE, _DROP_EMPTY),
)
