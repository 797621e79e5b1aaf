"""Replies of customers: stored, classified, acted on once, and listed for staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.consent import actions
from app.consent.ledger.evidence import Evidence
from app.customers.imports.undoing.traces import Trace
from app.customers.profiles import engagement, naming, people
from app.customers.timeline import activities
from app.customers.timeline.activities import ActivityRow
from app.customers.timeline.event_names import EventName, Source
from app.kernel.queueing import outbox
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_
from app.tracking.facts import HumanResponded
from app.tracking.hits import verdicts
from app.tracking.hits.verdicts import Verdict
from app.tracking.models import Reply, ReplyClass
from app.tracking.replies import classification

MOST_PER_MESSAGE = 20
_SUBJECT_CHARS = 300
_EXCERPT_CHARS = 2000
_FOR_STAFF = (ReplyClass.HUMAN, ReplyClass.POSSIBLE_UNSUBSCRIBE)


# Who has replied, for the undo of imports.
TRACE = Trace(Reply.customer_id)


class TooManyReplies(Refusal):
    """One mail has been answered more often than a person answers; whoever goes on is not heard."""

    message = N_("This mail has been answered too often.")


@dataclass(frozen=True, slots=True)
class ReceivedReply:
    """What somebody wrote back. Not verified is what a stranger may have written in a customer's name."""

    subject: str
    text: str
    headers: Mapping[str, str]
    is_verified: bool = True


def record(
    session: Session,
    workspace_id: int,
    mail: ReceivedReply,
    *,
    customer_id: int,
    message_id: int | None,
    send_id: int | None = None,
    now: datetime,
) -> ReplyClass:
    """Keep one reply and act on what it says; the same mail handed in twice is one reply.

    A request to stop ends every topic at once (CAN-SPAM 16 CFR 316.5); a person's answer is news to other rooms. What
    is not verified may be a stranger's: it waits for a person, and neither ends anything nor counts as interest.
    Raises TooManyReplies.
    """
    kind = classification.classify(subject=mail.subject, text=mail.text, headers=mail.headers)
    if kind is ReplyClass.UNSUBSCRIBE and not mail.is_verified:
        kind = ReplyClass.POSSIBLE_UNSUBSCRIBE
    _require_room(session, workspace_id, message_id, kind)
    reply = {
        "workspace_id": workspace_id,
        "customer_id": customer_id,
        "message_id": message_id,
        "at": now,
        "subject": _plain(mail.subject, _SUBJECT_CHARS),
        "excerpt": _plain(classification.own_words(mail.text), _EXCERPT_CHARS),
        "reply_class": str(kind),
        "is_verified": mail.is_verified,
        "reference": _reference(mail.headers),
        "done_at": None if kind in _FOR_STAFF else now,
    }
    statement = insert(Reply).values(reply).on_conflict_do_nothing()
    if session.scalar(statement.returning(Reply.id)) is None:
        return kind
    reasons = [] if kind is ReplyClass.HUMAN else [str(kind)]
    reasons += [] if mail.is_verified else ["unverified_sender"]
    _note(session, workspace_id, customer_id, (message_id, send_id), kind, reasons, mail.subject, now)
    if kind is ReplyClass.UNSUBSCRIBE:
        evidence = Evidence(method="reply", message_id=message_id, fields={"text": reply["excerpt"]})
        actions.withdraw(session, workspace_id, customer_id, evidence=evidence, now=now)
    if kind is ReplyClass.HUMAN and mail.is_verified:
        engagement.record_reply(session, workspace_id, customer_id, at=now)
        outbox.publish(session, HumanResponded(workspace_id, [customer_id], "reply", now.isoformat()))
    return kind


@dataclass(frozen=True, slots=True)
class Waiting:
    """One reply that somebody should answer, and who wrote it."""

    id: int
    customer_id: int
    name: str
    email: str | None
    subject: str
    excerpt: str
    at: datetime
    may_unsubscribe: bool
    is_verified: bool


def list_waiting(session: Session, workspace_id: int, *, limit: int = 20, after: int | None = None) -> list[Waiting]:
    """Return the replies somebody should answer, oldest first; those that follow the reply `after`."""
    named = people.named_query(workspace_id).subquery()
    query = (
        select(Reply, named.c.first_name, named.c.last_name, named.c.email)
        .join(named, named.c.customer_id == Reply.customer_id)
        .where(Reply.workspace_id == workspace_id, Reply.done_at.is_(None))
        .order_by(Reply.at, Reply.id)
        .limit(limit)
    )
    if after is not None:
        latest = _get(session, workspace_id, after)
        query = query.where(tuple_(Reply.at, Reply.id) > (latest.at, latest.id))
    return [
        Waiting(
            id=row.Reply.id,
            customer_id=row.Reply.customer_id,
            name=naming.full_name(row.first_name, row.last_name),
            email=row.email,
            subject=row.Reply.subject,
            excerpt=row.Reply.excerpt,
            at=row.Reply.at,
            may_unsubscribe=row.Reply.reply_class == ReplyClass.POSSIBLE_UNSUBSCRIBE,
            is_verified=row.Reply.is_verified,
        )
        for row in session.execute(query)
    ]


def count_waiting(session: Session, workspace_id: int) -> int:
    """Return how many replies wait."""
    query = select(func.count()).where(Reply.workspace_id == workspace_id, Reply.done_at.is_(None))
    return session.scalar(query) or 0


def finish(session: Session, workspace_id: int, reply_id: int, *, now: datetime) -> None:
    """Note that somebody has answered; noting it twice keeps the first time."""
    reply = _get(session, workspace_id, reply_id)
    reply.done_at = reply.done_at or now


def unsubscribe(session: Session, workspace_id: int, reply_id: int, *, staff_id: int, now: datetime) -> None:
    """End every topic for the person whose reply asks for it, in the judgement of the staff; the reply is done."""
    reply = _get(session, workspace_id, reply_id)
    evidence = Evidence(
        method="reply",
        actor="staff",
        actor_id=staff_id,
        message_id=reply.message_id,
        fields={"text": reply.excerpt},
    )
    actions.withdraw(session, workspace_id, reply.customer_id, evidence=evidence, now=now)
    reply.done_at = reply.done_at or now


def reopen(session: Session, workspace_id: int, reply_id: int) -> None:
    """Let the reply wait again."""
    _get(session, workspace_id, reply_id).done_at = None


def _require_room(session: Session, workspace_id: int, message_id: int | None, kind: ReplyClass) -> None:
    """Refuse the reply that is one too many to its message; a request to stop is heard however many came before."""
    query = select(func.count()).where(Reply.workspace_id == workspace_id, Reply.message_id == message_id)
    if message_id is None or kind is ReplyClass.UNSUBSCRIBE:
        return
    if (session.scalar(query) or 0) >= MOST_PER_MESSAGE:
        raise TooManyReplies


def _get(session: Session, workspace_id: int, reply_id: int) -> Reply:
    return keyed_rows.get(session, Reply, workspace_id, reply_id)


def _note(
    session: Session,
    workspace_id: int,
    customer_id: int,
    answered: tuple[int | None, int | None],
    kind: ReplyClass,
    reasons: Sequence[str],
    subject: str,
    now: datetime,
) -> None:
    """Put the reply on the timeline. Only an answer counts as a person's; a wish to stop is no interest."""
    verdict = Verdict.UNSURE if reasons else Verdict.HUMAN
    facts = {"text": _plain(subject, _SUBJECT_CHARS), "class": str(kind)}
    row = ActivityRow(
        workspace_id,
        customer_id,
        now,
        EventName.REPLIED,
        Source.DELIVERY,
        *answered,
        verdict=verdict.value,
        verdict_version=verdicts.VERSION,
        reasons=tuple(reasons),
        facts=facts,
    )
    activities.record(session, row, now=now)


def _reference(headers: Mapping[str, str]) -> bytes | None:
    """Return a digest of the mail's own Message-ID, or None when it has none; `<>` names nothing either."""
    named = {name.lower(): value for name, value in headers.items()}
    message_id = named.get("message-id", "").strip("<> \t")
    return sha256(message_id.encode("utf-8", "replace")).digest()[:16] if message_id else None


def _plain(text: str, longest: int) -> str:
    """Return text that PostgreSQL can hold, cut to length."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:longest]
