"""Compiled sends: content, gate rules and the two hot statements a worker needs for one send."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.accounts.identities import dkim_keys, identities, sender_checks
from app.accounts.models import SendingIdentity, Workspace
from app.cadence import policies
from app.cadence.decide import Promise
from app.commerce import merge_data
from app.consent import permission, topics
from app.customers.profiles import customer_queries, engagement
from app.delivery.gate import CONTACTS_KEPT, Rules
from app.delivery.launching import queueing
from app.delivery.models import Send, SendKind
from app.delivery.sending import statements
from app.delivery.sending.statements import NOW, Statement
from app.kernel.settings import Settings
from app.rendering import compiler
from app.rendering.compiler import CompiledMessage
from app.rendering.content import Content, Stream
from app.rendering.dkim import Signer
from app.tracking.links import links

# What one batch's messages and their people look like at this moment. The columns are read by place, see `messages`.
# Everything about a person is looked up by key, one at a time, so that the plan is the same before the first ANALYZE.
_FETCH = """
SELECT m.id, m.customer_id, m.attempt, m.contact_at, m.extra, m.permission_seq, e.recent_contact_at,
       e.recent_contact_topic, p.ledger_seq, p.promised_limit, p.promised_days, p.may_track_opens, p.may_track_clicks,
       EXISTS (SELECT FROM ({silent}) s WHERE s.address_digest = d.address_digest),
       d.address_digest, d.email, d.first_name, d.last_name, d.time_zone, {person}
FROM messages m
CROSS JOIN LATERAL (SELECT * FROM ({data}) data WHERE data.customer_id = m.customer_id LIMIT 1) d
CROSS JOIN LATERAL ({contacts}) e
LEFT JOIN LATERAL (SELECT * FROM ({answers}) answers WHERE answers.customer_id = m.customer_id LIMIT 1) p ON true
WHERE m.workspace_id = %(workspace)s AND m.id = ANY(%(ids)s) AND m.state = 'queued' AND m.due_at IS NULL
ORDER BY m.customer_id
"""
# What a template may fill in beside the names and the address; read only where it does.
_PERSON = ("language", "country", "city", "tags", "custom")
_STANDARD = frozenset({"email", "first_name", "last_name", "time_zone", *_PERSON})

_CONTACTS = engagement.recent_contacts_sql("%(workspace)s", "m.customer_id")

_OUTCOMES = """
outcome AS (
    UPDATE messages m SET state = o.state, reason = o.reason, due_at = o.due_at, smtp_code = o.code,
           smtp_reply = o.reply, sent_at = CASE WHEN o.state = 'sent' THEN o.at END
    FROM unnest(%(o_ids)s::bigint[], %(o_attempts)s::smallint[], %(o_states)s::text[], %(o_reasons)s::text[],
                %(o_due)s::timestamptz[], %(o_codes)s::smallint[], %(o_replies)s::text[], %(o_at)s::timestamptz[])
         AS o(id, attempt, state, reason, due_at, code, reply, at)
    WHERE m.workspace_id = %(workspace)s AND m.id = o.id AND m.attempt = o.attempt
      AND m.state IN ('handed', 'in_doubt')
)"""

# Asked again in the statement that hands over: the send runs, the address is the one the message was written to, and
# neither the person nor the address's owner has said no since.
_ASKED_FOR = """
asked AS MATERIALIZED (
    SELECT a.*, c.address_id, {record} AS ledger_seq
    FROM unnest(%(ids)s::bigint[], %(attempts)s::smallint[], %(customers)s::bigint[], %(digests)s::bytea[],
                %(seen)s::timestamptz[], %(counted)s::bool[])
         AS a(id, attempt, customer_id, address_digest, seen, is_counted)
    CROSS JOIN LATERAL ({address}) c
    {permitted}
    WHERE EXISTS (SELECT FROM sends s WHERE s.workspace_id = %(workspace)s AND s.id = %(send)s AND s.state = 'running')
      AND NOT EXISTS (SELECT FROM ({{silent}}) s WHERE s.address_digest = a.address_digest)
)"""

# The contact is counted where nobody else has written to this person since the gate looked; so caps hold exactly,
# however many senders there are.
_CONTACTED = f"contacted AS ({engagement.add_contact_sql('asked', kept=CONTACTS_KEPT)})"
# The address the message was written to, while it still is the customer's.
_ADDRESS = customer_queries.address_sql("%(workspace)s", "a.customer_id", "a.address_digest")

_HANDED = """
UPDATE messages m SET state = 'handed', reason = NULL, attempt = m.attempt + 1, handed_at = %(now)s,
       address_id = a.address_id, permission_seq = coalesce(a.ledger_seq, m.permission_seq),
       contact_at = coalesce(m.contact_at, %(now)s)
FROM asked a
WHERE m.workspace_id = %(workspace)s AND m.id = a.id AND m.attempt = a.attempt AND m.state = 'queued' {counted}
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
_NOTICE = (
    f"WITH {_OUTCOMES}, "
    + _ASKED_FOR.format(record="NULL::bigint", address=_ADDRESS, permitted="")
    + " "
    + _HANDED.format(counted="AND m.permission_seq IS NOT NULL")
)

# Outcomes alone, when no further group is wanted.
OUTCOMES = f"WITH {_OUTCOMES} SELECT 1"


@dataclass(frozen=True, eq=False)
class CompiledSend:
    """One send, ready to be filled in and handed over."""

    send_id: int
    kind: SendKind
    topic_id: int
    compiled: CompiledMessage
    rules: Rules
    fetch: Statement
    hand_over: Statement


def make(session: Session, workspace_id: int, send: Send, settings: Settings) -> CompiledSend:
    """Compile a send; register its links; raise TemplateRefused when its content may not be sent."""
    workspace = workspaces.get(session, workspace_id)
    identity = identities.get(session, workspace_id, send.identity_id)
    content = Content(send.subject, send.preheader, send.html, send.text, send.language)
    compiled = compiler.compile_content(content, stream=stream(session, workspace, identity, send, settings))
    if compiled.links:
        links.register(session, workspace_id, send.id, compiled.links, now=send.created_at)
    return CompiledSend(
        send_id=send.id,
        kind=SendKind(send.kind),
        topic_id=send.topic_id or 0,
        compiled=compiled,
        rules=rules(session, workspace, send),
        fetch=_fetch(workspace_id, send, compiled),
        hand_over=_hand_over(workspace_id, send),
    )


def rules(session: Session, workspace: Workspace, send: Send) -> Rules:
    """Return what the gate holds every message of this send to."""
    promise = None
    if send.topic_id:
        given = topics.get(session, workspace.id, send.topic_id).promise
        promise = Promise(send.topic_id, given.limit, given.days)
    return Rules(
        is_notice=send.kind == SendKind.NOTICE,
        policy=policies.get(session, workspace.id),
        promise=promise,
        time_zone=workspace.time_zone,
        policy_version=policies.version(session, workspace.id),
    )


def stream(
    session: Session, workspace: Workspace, identity: SendingIdentity, send: Send, settings: Settings
) -> Stream:
    """Return what all messages of this send share."""
    topic = topics.get(session, workspace.id, send.topic_id) if send.topic_id else None
    return Stream(
        from_name=identity.from_name,
        from_address=identity.from_address,
        public_url=settings.public_url,
        reply_to=identity.reply_to or workspace.reply_to,
        list_id=f"{_label(topic.key)}.{workspace.slug}.{identity.domain}" if topic else "",
        list_name=topic.name if topic else "",
        feedback=(f"c{send.source_id}", f"w{workspace.id}", str(send.kind)),
        postal_address=workspace.postal_address,
        bounce_domain=settings.inbound_domain,
        workspace={
            "name": workspace.name,
            "sender_name": workspace.sender_name,
            "postal_address": workspace.postal_address,
        },
        signers=signers(identity, settings),
        lists=send.kind != SendKind.NOTICE,
    )


def _label(key: str) -> str:
    """Write a topic's short name as a name in the DNS may be written."""
    return key.replace("_", "-").strip("-")


def signers(identity: SendingIdentity, settings: Settings) -> tuple[Signer, ...]:
    """Return who signs: RSA for everybody and Ed25519 for those who know it; or nobody.

    A key whose record was looked up and is not published signs nothing: receivers count the signature as a broken one.
    """
    keys = dkim_keys.keys_of(identity, settings.secret_keys)
    if keys is None:
        return ()
    both = {
        "dkim_rsa": Signer(identity.domain, keys.rsa_selector, keys.rsa_pem),
        "dkim_ed25519": Signer(identity.domain, keys.ed25519_selector, keys.ed25519_pem),
    }
    return tuple(signer for check, signer in both.items() if not sender_checks.is_known_absent(identity, check))


def helo(settings: Settings) -> str:
    """Return the name we greet servers with."""
    return settings.inbound_domain or urlsplit(settings.public_url).hostname or "localhost"


def _fetch(workspace_id: int, send: Send, compiled: CompiledMessage) -> Statement:
    data = merge_data.query(workspace_id, with_purchases=compiled.needs_purchases)
    read = set(_PERSON) if compiled.needs_all_fields else compiled.fields_used & set(_PERSON)
    if compiled.fields_used - _STANDARD:
        read = {*read, "custom"}
    person = [f"d.{name}" if name in read else "NULL" for name in _PERSON]
    person.append("d.purchases" if compiled.needs_purchases else "NULL")
    answers = permission.answers_query(workspace_id, send.purpose, send.topic_id or 0, NOW)
    return statements.combine(
        _FETCH.replace("{person}", ", ".join(person)).replace("{contacts}", _CONTACTS),
        data=statements.compile_query(data, "data"),
        answers=statements.compile_query(answers, "answers"),
        silent=_silent(workspace_id, send),
    )


def _hand_over(workspace_id: int, send: Send) -> Statement:
    silent = _silent(workspace_id, send)
    if send.kind == SendKind.NOTICE:
        return statements.combine(_NOTICE, silent=silent)
    allowed = permission.consented_query(workspace_id, send.purpose, send.topic_id or 0, NOW)
    return statements.combine(_MARKETING, silent=silent, allowed=statements.compile_query(allowed, "allowed"))


def _silent(workspace_id: int, send: Send) -> Statement:
    query = queueing.suppressed_query(workspace_id, is_notice=send.kind == SendKind.NOTICE)
    return statements.compile_query(query, "silent")
