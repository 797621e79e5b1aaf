"""The hot statements: fetch claimed messages with their people, write the gate's answers, hand off, write results.

One of each for a batch or a group, whatever its size. Values of arrays are written as text by the caller.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from app.commerce import merge_data
from app.consent import permission
from app.customers.field_kinds.references import NamedFields
from app.customers.profiles import customer_queries, engagement
from app.delivery.gate import CONTACTS_KEPT
from app.delivery.launching import queueing
from app.delivery.models import Send, SendKind
from app.delivery.transitions import statements
from app.delivery.transitions.statements import NOW, Statement
from app.rendering.compiler import CompiledMessage


class FetchedMessage(NamedTuple):
    """One claimed message and its person; the columns of the fetch statement by name, in its order."""

    id: int
    customer_id: int
    attempt: int
    counted_at: datetime | None
    extra: dict[str, Any] | None
    permission_seq: int | None
    recent_contact_at: list[datetime]
    recent_contact_topic: list[int]
    ledger_seq: int | None
    promised_limit: int | None
    promised_days: int | None
    may_track_opens: bool | None
    may_track_clicks: bool | None
    is_suppressed: bool
    address_id: int | None
    address_digest: bytes | None
    email: str
    first_name: str | None
    last_name: str | None
    time_zone: str | None
    language: str | None
    country: str | None
    city: str | None
    tags: list[str] | None
    custom: dict[str, Any] | None
    gender: str | None
    birth_date: str | None
    occupation: str | None
    position: str | None
    kind: str | None
    purchases: list[dict[str, Any]] | None


_SOURCES = {
    "counted_at": "m.contact_at",
    "is_suppressed": "EXISTS (SELECT FROM ({suppressed}) s WHERE s.address_digest = d.address_digest)",
}
_OF_MESSAGE = frozenset({"id", "customer_id", "attempt", "extra", "permission_seq"})
_OF_ENGAGEMENT = frozenset({"recent_contact_at", "recent_contact_topic"})
_OF_PERMISSION = frozenset({"ledger_seq", "promised_limit", "promised_days", "may_track_opens", "may_track_clicks"})
# Everything about a person is looked up by key, one at a time, so that the plan is the same before the first ANALYZE.
_FETCH = """
SELECT {columns}
FROM messages m
CROSS JOIN LATERAL (SELECT * FROM ({{data}}) data WHERE data.customer_id = m.customer_id LIMIT 1) d
CROSS JOIN LATERAL ({contacts}) e
LEFT JOIN LATERAL (SELECT * FROM ({{answers}}) answers WHERE answers.customer_id = m.customer_id LIMIT 1) p ON true
WHERE m.workspace_id = %(workspace)s AND m.id = ANY(%(ids)s) AND m.state = 'queued' AND m.due_at IS NULL
ORDER BY m.customer_id
"""
# What a template may fill in beside the names and the address; read only where it does.
_PERSON = (
    *("language", "country", "city", "tags", "custom"),
    *("gender", "birth_date", "occupation", "position", "kind"),
)
_STANDARD = frozenset({"email", "first_name", "last_name", "time_zone", *_PERSON})

_OUTCOMES = """
outcome AS (
    UPDATE messages m SET state = o.state, reason = o.reason, due_at = o.due_at, smtp_code = o.code,
           smtp_reply = o.reply, sent_at = CASE WHEN o.state = 'sent' THEN o.at END,
           doubted_at = CASE WHEN o.state = 'in_doubt' THEN o.at END
    FROM unnest(%(o_ids)s::bigint[], %(o_attempts)s::smallint[], %(o_states)s::text[], %(o_reasons)s::text[],
                %(o_due)s::timestamptz[], %(o_codes)s::smallint[], %(o_replies)s::text[], %(o_at)s::timestamptz[])
         AS o(id, attempt, state, reason, due_at, code, reply, at)
    WHERE m.workspace_id = %(workspace)s AND m.id = o.id AND m.attempt = o.attempt
      AND (m.state = 'handed' OR m.state = 'in_doubt' AND o.state IN ('sent', 'refused'))
)"""

# Asked again in the statement that hands off: the message is as it was claimed, the send runs, the address is the one
# the message was written to, and neither the person nor the address's owner has said no since.
_ASKED_FOR = """
asked AS MATERIALIZED (
    SELECT a.*, c.address_id, {record} AS ledger_seq
    FROM unnest(%(ids)s::bigint[], %(attempts)s::smallint[], %(customers)s::bigint[], %(digests)s::bytea[],
                %(seen)s::timestamptz[], %(counted)s::bool[])
         AS a(id, attempt, customer_id, address_digest, seen, is_counted)
    CROSS JOIN LATERAL (SELECT FROM messages m
                        WHERE m.workspace_id = %(workspace)s AND m.id = a.id AND m.attempt = a.attempt
                          AND m.state = 'queued' AND m.due_at IS NULL LIMIT 1) m
    CROSS JOIN LATERAL ({address}) c
    {permitted}
    WHERE EXISTS (SELECT FROM sends s WHERE s.workspace_id = %(workspace)s AND s.id = %(send)s AND s.state = 'running')
      AND NOT EXISTS (SELECT FROM ({{suppressed}}) s WHERE s.address_digest = a.address_digest)
)"""

# The contact is counted where nobody else has written to this person since the gate looked; so caps hold exactly,
# however many senders there are.
_CONTACTED = f"contacted AS ({engagement.add_contact_sql('asked', kept=CONTACTS_KEPT)})"
# The address the message was written to, while it still is the customer's.
_ADDRESS = customer_queries.address_sql("%(workspace)s", "a.customer_id", "a.address_digest")
_CONTACTS = engagement.recent_contacts_sql("%(workspace)s", "m.customer_id")

_HANDED = """
UPDATE messages m SET state = 'handed', reason = NULL, attempt = m.attempt + 1, handed_at = %(now)s,
       address_id = a.address_id, permission_seq = coalesce(a.ledger_seq, m.permission_seq),
       contact_at = coalesce(m.contact_at, %(now)s)
FROM asked a
WHERE m.workspace_id = %(workspace)s AND m.id = a.id AND m.attempt = a.attempt AND m.state = 'queued'
  AND m.due_at IS NULL {counted}
RETURNING m.id
"""

_MARKETING = (
    f"WITH {_OUTCOMES}, "
    + _ASKED_FOR.format(
        record="p.ledger_seq", address=_ADDRESS, permitted="CROSS JOIN LATERAL"
        " (SELECT allowed.ledger_seq FROM ({allowed}) allowed WHERE allowed.customer_id = a.customer_id LIMIT 1) p",
    )
    + f", {_CONTACTED} "
    + _HANDED.format(counted="AND (a.is_counted OR a.customer_id IN (SELECT customer_id FROM contacted))")
)  # fmt: skip
_TRANSACTIONAL = (
    f"WITH {_OUTCOMES}, "
    + _ASKED_FOR.format(record="NULL::bigint", address=_ADDRESS, permitted="")
    + " "
    + _HANDED.format(counted="AND m.permission_seq IS NOT NULL")
)

# Outcomes alone, when no further group is wanted.
OUTCOMES = f"WITH {_OUTCOMES} SELECT 1"

# The gate's answers but plain sends: what each message does next, and, unless its latest decision says the same
# already, a row that says so.
ANSWER = """
WITH answered AS (
    UPDATE messages m SET state = a.state, reason = a.reason, due_at = a.due_at
    FROM unnest(%(ids)s::bigint[], %(attempts)s::smallint[], %(states)s::text[], %(reasons)s::text[],
                %(due)s::timestamptz[]) AS a(id, attempt, state, reason, due_at)
    WHERE m.workspace_id = %(workspace)s AND m.id = a.id AND m.attempt = a.attempt AND m.state = 'queued'
      AND m.due_at IS NULL
    RETURNING m.id, m.send_id, m.state, m.reason, m.due_at
)
INSERT INTO message_decisions (workspace_id, message_id, send_id, at, answer, rule, until, policy_version)
SELECT %(workspace)s, a.id, a.send_id, %(now)s, CASE a.state WHEN 'queued' THEN 'wait' ELSE 'drop' END, a.reason,
       a.due_at, %(policy_version)s
FROM answered a
LEFT JOIN LATERAL (SELECT d.rule, d.until FROM message_decisions d
                   WHERE d.workspace_id = %(workspace)s AND d.message_id = a.id
                   ORDER BY d.id DESC LIMIT 1) latest ON true
WHERE (latest.rule, latest.until) IS DISTINCT FROM (a.reason, a.due_at)
"""


def fetch_statement(
    workspace_id: int, send: Send, compiled: CompiledMessage, named: NamedFields | None = None
) -> Statement:
    """Return the statement that fetches claimed messages of this send, with what its content reads of a person.

    `named` are the reference fields it reads.
    """
    data = merge_data.query(workspace_id, with_purchases=compiled.needs_purchases, named=named)
    read = set(_PERSON) if compiled.needs_all_fields else compiled.fields_used & set(_PERSON)
    if compiled.fields_used - _STANDARD:
        read = {*read, "custom"}
    unread = set(_PERSON) - read | (set() if compiled.needs_purchases else {"purchases"})
    answers = permission.answers_query(workspace_id, send.purpose, send.topic_id or 0, NOW)
    return statements.combine(
        _FETCH.format(columns=", ".join(_column(name, unread) for name in FetchedMessage._fields), contacts=_CONTACTS),
        data=statements.compile_query(data, "data"),
        answers=statements.compile_query(answers, "answers"),
        suppressed=_suppressed(workspace_id, send),
    )


def handoff_statement(workspace_id: int, send: Send) -> Statement:
    """Return the statement that hands off a group of this send and writes the latest results, all or nothing."""
    suppressed = _suppressed(workspace_id, send)
    if send.kind == SendKind.TRANSACTIONAL:
        return statements.combine(_TRANSACTIONAL, suppressed=suppressed)
    allowed = permission.consented_query(workspace_id, send.purpose, send.topic_id or 0, NOW)
    return statements.combine(_MARKETING, suppressed=suppressed, allowed=statements.compile_query(allowed, "allowed"))


def _column(name: str, unread: set[str]) -> str:
    """Return where a column comes from; what the content does not read is not fetched."""
    if name in unread:
        return f"NULL AS {name}"
    if name in _SOURCES:
        return f"{_SOURCES[name]} AS {name}"
    table = "m" if name in _OF_MESSAGE else "e" if name in _OF_ENGAGEMENT else "p" if name in _OF_PERMISSION else "d"
    return f"{table}.{name}"


def _suppressed(workspace_id: int, send: Send) -> Statement:
    query = queueing.suppressed_query(workspace_id, is_transactional=send.kind == SendKind.TRANSACTIONAL)
    return statements.compile_query(query, "suppressed")
