"""Compiled sends: content, gate rules and the two hot statements a worker needs for one send."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.accounts.identities import dkim_keys, identities, sender_checks
from app.accounts.models import SendingIdentity, Workspace
from app.cadence import policies
from app.cadence.decide import Promise
from app.consent import topics
from app.customers.profiles import fields
from app.delivery.gate import Rules
from app.delivery.models import Send, SendKind
from app.delivery.transitions import handoff
from app.delivery.transitions.statements import Statement
from app.kernel.settings import Settings
from app.rendering import compiler, senders
from app.rendering.compiler import CompiledMessage
from app.rendering.content import Content, Stream
from app.rendering.dkim import Signer
from app.tracking.links import links


@dataclass(frozen=True, eq=False)
class CompiledSend:
    """One send, ready to be filled in and handed off."""

    send_id: int
    kind: SendKind
    topic_id: int
    compiled: CompiledMessage
    rules: Rules
    fetch: Statement
    hand_off: Statement


def make(session: Session, workspace_id: int, send: Send, settings: Settings) -> CompiledSend:
    """Compile a send; register its links; raise TemplateRefused when its content may not be sent."""
    workspace = workspaces.get(session, workspace_id)
    identity = identities.get(session, workspace_id, send.identity_id)
    content = Content(send.subject, send.preheader, send.html, send.text, send.language)
    compiled = compiler.compile_content(content, stream=stream(session, workspace, identity, send, settings))
    if compiled.links:
        links.register(session, workspace_id, send.id, compiled.links, now=send.created_at)
    used = None if compiled.needs_all_fields else compiled.fields_used
    named = fields.named_fields(session, workspace_id, used)
    return CompiledSend(
        send_id=send.id,
        kind=SendKind(send.kind),
        topic_id=send.topic_id or 0,
        compiled=compiled,
        rules=rules(session, workspace, send),
        fetch=handoff.fetch_statement(workspace_id, send, compiled, named),
        hand_off=handoff.handoff_statement(workspace_id, send),
    )


def rules(session: Session, workspace: Workspace, send: Send) -> Rules:
    """Return what the gate holds every message of this send to."""
    promise = None
    if send.topic_id:
        given = topics.get(session, workspace.id, send.topic_id).promise
        promise = Promise(send.topic_id, given.limit, given.days)
    return Rules(
        is_transactional=send.kind == SendKind.TRANSACTIONAL,
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
    return replace(
        senders.stream(workspace, identity, public_url=settings.public_url),
        list_id=f"{_label(topic.key)}.{workspace.slug}.{identity.domain}" if topic else "",
        list_name=topic.name if topic else "",
        feedback=(f"c{send.source_id}", f"w{workspace.id}", str(send.kind)),
        bounce_domain=settings.inbound_domain,
        signers=signers(identity, settings),
        lists=send.kind != SendKind.TRANSACTIONAL,
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
