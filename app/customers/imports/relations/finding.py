"""Statements that find whom and what rows of relations speak of, and refuse what cannot be."""

from __future__ import annotations

from app.customers.imports.declared import finding
from app.customers.imports.declared.declaration import Repeated
from app.customers.organisations.members import MOST_ORGANISATIONS
from app.customers.relations.households import MOST_MEMBERS
from app.customers.relations.kinds import DIRECTIONS, KINDS
from app.customers.relations.related import MOST

STAGE = "relation_stage"
FURTHER = {
    name: kind
    for kind, names in {
        "bigint": ("customer_id", "related_id", "one_id", "two_id", "organisation_id", "household_id"),
        "text": ("kind", "is_related", "is_member", "is_home"),
        "boolean NOT NULL DEFAULT false": ("is_new_household",),
    }.items()
    for name in names
}
_SAME_NAME = 'lower({}) COLLATE "C" = lower({}) COLLATE "C"'
_INVERSE = ", ".join(f"('{name}', '{kind.name}', {str(is_inverse).lower()}, {str(kind.is_symmetric).lower()})"
                     for name, (kind, is_inverse) in DIRECTIONS.items())  # fmt: skip
_WITH_CIRCLES = ", ".join(f"'{kind.name}'" for kind in KINDS.values() if not kind.is_symmetric)
_OPEN = "s.outcome = 'created'"
# Of kinds that are the same both ways the lower number stands first.
_DIRECT = f"""
    UPDATE {STAGE} s SET kind = d.kind,
        one_id = CASE WHEN d.is_symmetric THEN least(s.customer_id, s.related_id)
            WHEN d.is_inverse THEN s.related_id ELSE s.customer_id END,
        two_id = CASE WHEN d.is_symmetric THEN greatest(s.customer_id, s.related_id)
            WHEN d.is_inverse THEN s.customer_id ELSE s.related_id END
    FROM (VALUES {_INVERSE}) AS d(name, kind, is_inverse, is_symmetric)
    WHERE d.name = s.relation AND s.related_id IS NOT NULL AND {_OPEN}
"""
_ONESELF = f"UPDATE {STAGE} s SET outcome = 'relation_self' WHERE one_id = two_id AND {_OPEN}"
_ORGANISATIONS = f"""
    UPDATE {STAGE} t SET organisation_id = coalesce(n.id, c.id), detail = t.organisation,
        outcome = CASE WHEN n.id IS NULL AND c.number > 1 THEN 'organisation_unclear'
            WHEN coalesce(n.id, c.id) IS NULL THEN 'organisation_unknown' ELSE t.outcome END
    FROM {STAGE} s
    LEFT JOIN LATERAL (SELECT o.id FROM organisations o WHERE o.workspace_id = :w
                         AND o.external_ref = s.organisation LIMIT 1) n ON true
    LEFT JOIN LATERAL (SELECT min(o.id) AS id, count(*) AS number FROM organisations o
                       WHERE o.workspace_id = :w AND {_SAME_NAME.format("o.name", "s.organisation")}) c ON true
    WHERE t.row = s.row AND s.organisation IS NOT NULL AND {_OPEN}
"""
# One that no file named is known by its number behind a sign.
_HOUSEHOLDS = f"""
    UPDATE {STAGE} s SET household_id = h.id FROM households h
    WHERE h.workspace_id = :w AND {_OPEN}
      AND (h.external_ref = s.household OR (h.external_ref IS NULL AND '#' || h.id = s.household))
"""
_NEW_HOUSEHOLDS = f"""
    WITH named AS MATERIALIZED (
        SELECT household, min(row) AS row FROM {STAGE} s
        WHERE household IS NOT NULL AND household_id IS NULL AND {_OPEN} GROUP BY household),
    numbered AS MATERIALIZED (
        SELECT household, CASE WHEN CAST(:rehearse AS boolean) THEN -row ELSE nextval('households_id_seq') END AS id
        FROM named)
    UPDATE {STAGE} s SET household_id = n.id, is_new_household = true FROM numbered n
    WHERE n.household = s.household AND s.household_id IS NULL AND {_OPEN}
"""
# What several rows say of one membership is said together: of each column the latest counts.
_TOGETHER = f"""
    UPDATE {STAGE} s SET position = m.position, buying_roles = CAST(m.roles AS text[]), member_since = m.since,
        member_until = m.until
    FROM (SELECT customer_id, organisation_id, {", ".join(
        f"(array_agg({said} ORDER BY row DESC) FILTER (WHERE {said} IS NOT NULL))[1] AS {name}"
        for name, said in (("position", "position"), ("roles", "CAST(buying_roles AS text)"),
                           ("since", "member_since"), ("until", "member_until")))}
          FROM {STAGE} s WHERE organisation_id IS NOT NULL AND {_OPEN} GROUP BY 1, 2 HAVING count(*) > 1) m
    WHERE s.customer_id = m.customer_id AND s.organisation_id = m.organisation_id AND {_OPEN}
"""
# Each thing one row of a batch says; another that says it again is the same.
_AGAIN = f"""
    UPDATE {STAGE} s SET outcome = 'repeated' FROM (
        SELECT row, row_number() OVER (PARTITION BY customer_id, one_id, two_id, kind, organisation_id, household_id
                                       ORDER BY row) AS place FROM {STAGE} s WHERE {_OPEN}) m
    WHERE m.row = s.row AND m.place > 1
"""
_TWO_HOMES = f"""
    UPDATE {STAGE} s SET outcome = 'household_twice', detail = s.household FROM (
        SELECT customer_id, min(household_id) AS home FROM {STAGE} s WHERE household_id IS NOT NULL AND {_OPEN}
        GROUP BY customer_id HAVING count(DISTINCT household_id) > 1) m
    WHERE m.customer_id = s.customer_id AND s.household_id IS NOT NULL AND {_OPEN}
"""
_SECOND_REFERRER = f"""
    UPDATE {STAGE} s SET outcome = 'relation_referred', detail = coalesce(s.related_email, s.related_ref) FROM (
        SELECT row FROM (
            SELECT row, dense_rank() OVER (PARTITION BY one_id ORDER BY two_id) AS place FROM {STAGE} s
            WHERE kind = 'referred_by' AND {_OPEN}) r WHERE place > 1
        UNION SELECT s.row FROM {STAGE} s JOIN customer_relations k ON k.workspace_id = :w AND k.customer_id = s.one_id
            AND k.kind = 'referred_by' AND k.related_id <> s.two_id WHERE s.kind = 'referred_by' AND {_OPEN}) m
    WHERE m.row = s.row
"""
_CIRCLES = Repeated(
    f"""
    WITH RECURSIVE said AS MATERIALIZED (
        SELECT DISTINCT kind, one_id, two_id FROM {STAGE} s WHERE kind IN ({_WITH_CIRCLES}) AND {_OPEN}),
    up(start, kind, at) AS (
        SELECT one_id, kind, two_id FROM said
        UNION
        SELECT u.start, u.kind, n.id FROM up u LEFT JOIN said e ON e.one_id = u.at AND e.kind = u.kind
        CROSS JOIN LATERAL (
            SELECT e.two_id AS id UNION SELECT k.related_id FROM customer_relations k
            WHERE k.workspace_id = :w AND k.customer_id = u.at AND k.kind = u.kind) n
        WHERE u.at <> u.start AND n.id IS NOT NULL)
    UPDATE {STAGE} s SET outcome = 'relation_circle', detail = coalesce(s.related_email, s.related_ref)
    FROM up WHERE up.at = up.start AND s.one_id = up.start AND s.kind = up.kind AND {_OPEN}
    """
)
_DATES = f"""
    UPDATE {STAGE} s SET outcome = 'member_dates', detail = concat_ws(' / ', s.member_since, s.member_until)
    FROM {STAGE} r LEFT JOIN organisation_members m ON m.workspace_id = :w AND m.organisation_id = r.organisation_id
        AND m.customer_id = r.customer_id
    WHERE r.row = s.row AND {_OPEN} AND CASE WHEN CAST(:fills AS boolean)
        THEN coalesce(m.since, r.member_since) > coalesce(m.until, r.member_until)
        ELSE coalesce(r.member_since, m.since) > coalesce(r.member_until, m.until) END
"""
_RELATED = f"""
    UPDATE {STAGE} s SET is_related = CASE WHEN EXISTS (
        SELECT FROM customer_relations k WHERE k.workspace_id = :w AND k.customer_id = s.one_id AND k.kind = s.kind
            AND k.related_id = s.two_id) THEN 'unchanged' ELSE 'created' END
    WHERE s.one_id IS NOT NULL AND {_OPEN}
"""
# What each column of a membership will be, over `m` and the row `s`.
MEMBER = {"position": "position", "buying_roles": "buying_roles", "since": "member_since", "until": "member_until"}


def _news(*, fills: bool) -> str:
    order = "coalesce({old}, s.{said}, m.{kept})" if fills else "coalesce(s.{said}, m.{kept})"
    olds = {"buying_roles": "nullif(m.buying_roles, '{}')"}
    return ", ".join(
        order.format(old=olds.get(kept, f"m.{kept}"), said=said, kept=kept) for kept, said in MEMBER.items()
    )


NEWS = f"""CASE WHEN CAST(:fills AS boolean) THEN ROW({_news(fills=True)}) ELSE ROW({_news(fills=False)}) END"""
_OLDS = f"ROW({', '.join(f'm.{name}' for name in MEMBER)})"
_MEMBERS = f"""
    UPDATE {STAGE} s SET is_member = CASE WHEN m.customer_id IS NULL THEN 'created'
        WHEN {NEWS} IS DISTINCT FROM {_OLDS} THEN 'updated' ELSE 'unchanged' END
    FROM {STAGE} r LEFT JOIN organisation_members m ON m.workspace_id = :w AND m.organisation_id = r.organisation_id
        AND m.customer_id = r.customer_id
    WHERE r.row = s.row AND s.organisation_id IS NOT NULL AND {_OPEN}
"""
_HOMES = f"""
    UPDATE {STAGE} s SET is_home = CASE WHEN m.customer_id IS NULL THEN 'created'
        WHEN m.household_id = s.household_id OR CAST(:fills AS boolean) THEN 'unchanged' ELSE 'updated' END
    FROM {STAGE} r LEFT JOIN household_members m ON m.workspace_id = :w AND m.customer_id = r.customer_id
    WHERE r.row = s.row AND s.household_id IS NOT NULL AND {_OPEN}
"""


# The column that a refusal shows.
_DETAILS = {"relation_many": "relation", "member_many": "organisation", "household_full": "household"}


def _too_many(outcome: str, said: str, known: str, by: str, what: str, most: int) -> str:
    """Refuse new rows about what would have more than so many (`what`), with those that are known of it."""
    detail = _DETAILS[outcome]
    return f"""
        UPDATE {STAGE} s SET outcome = '{outcome}', detail = s.{detail} FROM (
            SELECT {by}, count(DISTINCT {what}) AS number FROM {STAGE} s WHERE {said} AND {_OPEN} GROUP BY 1) m
        WHERE {said} AND {_OPEN} AND s.{by} = m.{by} AND m.number + ({known.format(id=f"m.{by}")}) > {most}"""


_LIMITS = (
    _too_many(
        "relation_many", "is_related = 'created'",
        "SELECT count(*) FROM customer_relations k WHERE k.workspace_id = :w AND {id} IN (k.customer_id, k.related_id)",
        "customer_id", "(one_id, two_id, kind)", MOST,
    ),
    _too_many(
        "member_many", "is_member = 'created'",
        "SELECT count(*) FROM organisation_members k WHERE k.workspace_id = :w AND k.customer_id = {id}",
        "customer_id", "organisation_id", MOST_ORGANISATIONS,
    ),
    _too_many(
        "household_full", "is_home IN ('created', 'updated')",
        "SELECT count(*) FROM household_members k WHERE k.workspace_id = :w AND k.household_id = {id}",
        "household_id", "customer_id", MOST_MEMBERS,
    ),
)  # fmt: skip
_OUTCOME = f"""
    UPDATE {STAGE} s SET outcome = CASE
        WHEN 'updated' IN (is_related, is_member, is_home) THEN 'updated'
        WHEN 'created' IN (is_related, is_member, is_home) THEN 'created' ELSE 'unchanged' END
    WHERE {_OPEN}
"""
STATEMENTS = (
    *(finding.people(STAGE), finding.people(STAGE, email="related_email", number="related_ref", into="related_id")),
    *(_DIRECT, _ONESELF, _ORGANISATIONS, _HOUSEHOLDS, _NEW_HOUSEHOLDS, _TOGETHER, _AGAIN, _TWO_HOMES, _SECOND_REFERRER),
    *(_CIRCLES, _DATES, _RELATED, _MEMBERS, _HOMES, *_LIMITS, _OUTCOME),
)
