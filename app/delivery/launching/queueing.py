"""Turns an audience into message rows and batches, in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, Insert, insert
from sqlalchemy.orm import Session

from app.commerce import merge_data
from app.consent import permission, suppression
from app.delivery import decisions
from app.delivery.launching import assignments
from app.delivery.launching.assignments import Assignment
from app.delivery.models import Batch, Message, MessageState, Send, SendKind
from app.delivery.sending import lanes

BATCH_SIZE = 1000


@dataclass(frozen=True, slots=True)
class LaunchCounts:
    """How many of an audience were queued. `skipped` counts the others by reason."""

    queued: int
    skipped: dict[str, int]

    @property
    def total(self) -> int:
        return self.queued + sum(self.skipped.values())

    @property
    def mailable(self) -> int:
        """How many may be written to; those held out may, and are not."""
        return self.queued + self.skipped.get("held_out", 0)


@dataclass(frozen=True, slots=True)
class Enqueueing:
    """What is written for whom.

    `send` stands for all sends of the assignment: they share topic, purpose and sending identity. `audience` selects
    customer ids first; without `occasion_id` its second column is named `occasion_id`. With `is_first` nobody has a
    message of the occasion yet. `due_at`: when batches may be claimed, or, without batches, until when each waits.
    """

    send: Send
    assignment: Assignment
    audience: Select[*tuple[Any, ...]]
    now: datetime
    occasion_id: int | None = None
    is_first: bool = False
    due_at: datetime | None = None
    is_batched: bool = True
    answers: AnsweredRequest | None = None

    @property
    def workspace_id(self) -> int:
        return self.send.workspace_id


@dataclass(frozen=True, slots=True)
class AnsweredRequest:
    """What a transactional mail answers: the ledger record that allows it, and what else its messages carry."""

    permission_seq: int
    extra: dict[str, Any] | None = None


def enqueue(session: Session, given: Enqueueing) -> LaunchCounts:
    """Write a message for everyone of the audience who has none of the occasion yet, in one statement.

    Who may not be written to, or is held out, gets a skipped message that says why.
    """
    send = given.send
    lane_ids = lanes.ids_of(session, send.workspace_id, send.identity_id)
    person = _people(given, lane_ids)
    written = _messages(given, person)
    if given.is_first:
        inserted, counted = written.cte("inserted"), person
    else:
        # Some of them have a message of this occasion already: what counts is what is new.
        written = written.on_conflict_do_nothing(constraint="uq_messages_once")
        inserted = counted = written.returning(Message.id, Message.send_id, Message.reason).cte("inserted")
    query = select(counted.c.reason, func.count()).group_by(counted.c.reason).add_cte(inserted)
    if given.is_batched:
        query = query.add_cte(_batches(given, person, counted))
    if given.assignment.held_out_buckets:
        note = decisions.insert_held_out(
            send.workspace_id, counted, holdout=given.assignment.holdout, now=given.now
        )  # fmt: skip
        query = query.add_cte(note.cte("noted"))
    # An audience with an occasion of its own is a launch, and may be large.
    counts = {reason: int(count) for reason, count in _execute(session, query, is_large=given.occasion_id is not None)}
    return LaunchCounts(queued=counts.pop(None, 0), skipped=counts)


# How a statement over a whole audience is planned. Right after an import PostgreSQL knows no numbers yet, takes every
# table for tiny, looks at each person once for every other person, and sorts where it could collect.
_LARGE = {"enable_nestloop": "off", "enable_sort": "off", "work_mem": "'96MB'"}


def _execute(session: Session, query: Select[Any], *, is_large: bool) -> list[Any]:
    """Run the statement, a large audience's by joining whole tables."""
    if not is_large:
        return list(session.execute(query))
    for name, value in _LARGE.items():
        session.execute(text(f"SET LOCAL {name} = {value}"))
    rows = list(session.execute(query))
    for name in _LARGE:
        session.execute(text(f"SET LOCAL {name} = DEFAULT"))
    return rows


def recipients_query(
    workspace_id: int,
    audience: Select[*tuple[Any, ...]],
    *,
    purpose: str,
    topic_id: int,
    is_transactional: bool,
    now: datetime,
) -> Select[*tuple[Any, ...]]:
    """Select for everyone of the audience the record that allows the mail, or the reason why there is none.

    Columns: customer_id, ledger_seq, reason (null: may be written to), provider, time_zone, language, and what the
    audience selects after the customer's id.
    """
    wanted = audience.subquery("wanted")
    customer_id = wanted.c[0]
    data = merge_data.query(workspace_id, with_purchases=False).subquery("data")
    allowed = permission.consented_query(workspace_id, purpose, topic_id, now).subquery("allowed")
    suppressed = suppressed_query(workspace_id, is_transactional=is_transactional).subquery("suppressed")
    may = true() if is_transactional else allowed.c.customer_id.is_not(None)
    reason: ColumnElement[str | None] = case(
        (data.c.address_digest.is_(None), literal("no_address")),
        (suppressed.c.address_digest.is_not(None), literal("suppressed")),
        (may, null()),
        else_=literal("no_permission"),
    )
    return (
        select(
            customer_id.label("customer_id"),
            allowed.c.ledger_seq,
            cast(reason, Text).label("reason"),
            data.c.provider,
            data.c.time_zone,
            data.c.language,
            *list(wanted.c)[1:],
        )
        .select_from(wanted)
        .join(data, data.c.customer_id == customer_id)
        .outerjoin(allowed, allowed.c.customer_id == customer_id)
        .outerjoin(suppressed, suppressed.c.address_digest == data.c.address_digest)
    )


def _people(given: Enqueueing, lane_ids: dict[str, int]) -> CTE:
    """Everyone asked for: their send, the lane towards them, the record that allows it, or the reason why not."""
    send, assignment, answers = given.send, given.assignment, given.answers
    found = recipients_query(
        send.workspace_id,
        given.audience,
        purpose=send.purpose,
        topic_id=send.topic_id or 0,
        is_transactional=send.kind == SendKind.TRANSACTIONAL,
        now=given.now,
    ).subquery("found")
    reason: ColumnElement[Any] = found.c.reason
    send_id: ColumnElement[Any] = literal(send.id)
    variant_id: ColumnElement[Any] = cast(literal(assignment.arms[0].variant_id), BigInteger)
    if not assignment.is_single and given.occasion_id is not None:
        at = assignments.bucket(found.c.customer_id, given.occasion_id)
        send_id = assignments.send_id(assignment, at, found.c.language)
        variant_id = assignments.variant_id(assignment, at)
        reason = func.coalesce(reason, assignments.reason_not_sent(assignment, at))
    # Written into the statement: joined, the lanes would make PostgreSQL expect a hundredth of the rows.
    lane_id = case(lane_ids, value=found.c.provider, else_=lane_ids[lanes.EVERYBODY_ELSE]).label("lane_id")
    return select(
        func.nextval("messages_id_seq").label("id"),
        found.c.customer_id,
        found.c.occasion_id if given.occasion_id is None else literal(given.occasion_id).label("occasion_id"),
        send_id.label("send_id"),
        variant_id.label("variant_id"),
        func.coalesce(cast(literal(answers.permission_seq if answers else None), BigInteger), found.c.ledger_seq).label(
            "ledger_seq"
        ),
        reason.label("reason"),
        lane_id,
    ).cte("person")


def suppressed_query(workspace_id: int, *, is_transactional: bool) -> Select[bytes]:
    """Select the suppressed addresses. Transactional mail was asked for: only a dead mailbox stops it."""
    query = suppression.digests_query(workspace_id)
    if is_transactional:
        query = query.where(literal_column("suppressions.reason") == suppression.BOUNCED)
    return query


def _messages(given: Enqueueing, person: CTE) -> Insert:
    is_mailable = person.c.reason.is_(None)
    due_at = None if given.is_batched else given.due_at or given.now
    extra = given.answers.extra if given.answers else None
    rows = select(
        literal(given.workspace_id),
        person.c.id,
        person.c.send_id,
        person.c.customer_id,
        person.c.occasion_id,
        person.c.variant_id,
        case((is_mailable, literal(MessageState.QUEUED.value)), else_=literal(MessageState.SKIPPED.value)),
        person.c.reason,
        person.c.ledger_seq,
        case((is_mailable, cast(literal(due_at), TIMESTAMP(timezone=True)))),
        cast(bindparam("extra", extra, type_=JSONB(none_as_null=True)), JSONB),
        literal(0, Integer),
    )
    names = (
        *("workspace_id", "id", "send_id", "customer_id", "occasion_id", "variant_id", "state", "reason"),
        *("permission_seq", "due_at", "extra", "attempt"),
    )
    return insert(Message).from_select(names, rows)


def _batches(given: Enqueueing, person: CTE, counted: CTE) -> CTE:
    """Cut each lane's messages of one send into batches."""
    group = (person.c.send_id, person.c.lane_id)
    mailable = select(*group, func.array_agg(person.c.id).label("ids")).where(person.c.reason.is_(None))
    if counted is not person:
        mailable = mailable.where(person.c.id.in_(select(counted.c.id)))
    lane = mailable.group_by(*group).subquery("lane")
    start = (
        func.generate_series(1, func.cardinality(lane.c.ids), BATCH_SIZE)
        .table_valued("at")
        .render_derived()
        .lateral("start")
    )
    ids = lane.c.ids[start.c.at : start.c.at + literal(BATCH_SIZE - 1)]
    rows = select(
        literal(given.workspace_id),
        lane.c.send_id,
        lane.c.lane_id,
        cast(literal(given.due_at), TIMESTAMP(timezone=True)),
        func.cardinality(ids),
        ids,
        literal("queued"),
        literal(0, Integer),
    ).select_from(lane.join(start, true()))
    names = ("workspace_id", "send_id", "lane_id", "due_at", "message_count", "message_ids", "state", "attempt")
    return insert(Batch).from_select(names, rows).cte("batched")
