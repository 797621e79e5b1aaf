"""Turns an audience into message rows and batches, one statement each."""

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

from app.consent import permission, suppression
from app.customers.profiles import people
from app.delivery.models import Batch, Message, MessageState, Send, SendKind
from app.delivery.sending import lanes

BATCH_SIZE = 1000


@dataclass(frozen=True, slots=True)
class LaunchCounts:
    """What laying out an audience came to. `skipped` counts by reason."""

    queued: int
    skipped: dict[str, int]

    @property
    def total(self) -> int:
        return self.queued + sum(self.skipped.values())


def enqueue(
    session: Session,
    send: Send,
    audience: Select[tuple[int]],
    *,
    now: datetime,
    due_at: datetime | None = None,
    is_batched: bool = True,
    extra: dict[str, Any] | None = None,
    permission_seq: int | None = None,
    is_large: bool = False,
) -> LaunchCounts:
    """Lay a message for every customer of the audience who has none of this send yet.

    Who may not be written to gets a skipped row that says why. With `is_batched` the others may be claimed from
    `due_at` on (None: at once); without, each waits by itself until then. A notice names the ledger record it answers.
    """
    lane_ids = lanes.ids_of(session, send.workspace_id, send.identity_id)
    person = _people(send, audience, lane_ids, permission_seq, now)
    written = _messages(send, person, extra=extra, due_at=None if is_batched else due_at or now)
    if send.launched_at is None:
        laid, counted = written.cte("laid"), person
    else:
        # Some of them have a message of this send already: what counts is what is new.
        written = written.on_conflict_do_nothing(constraint="uq_messages_once")
        laid = counted = written.returning(Message.id, Message.reason).cte("laid")
    query = select(counted.c.reason, func.count()).group_by(counted.c.reason).add_cte(laid)
    if is_batched:
        query = query.add_cte(_batches(send, person, counted, due_at))
    counts = {reason: int(count) for reason, count in _execute(session, query, is_large=is_large)}
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


def standing_query(
    workspace_id: int, audience: Select[tuple[int]], *, purpose: str, topic_id: int, is_notice: bool, now: datetime
) -> Select[*tuple[Any, ...]]:
    """Select how everyone of the audience stands: the record that allows the mail, or the reason why there is none.

    Columns: customer_id, ledger_seq, reason (null: may be written to), provider, time_zone.
    """
    wanted = audience.subquery("wanted")
    customer_id = wanted.c[0]
    data = people.merge_data_query(workspace_id, with_purchases=False).subquery("data")
    allowed = permission.consented_query(workspace_id, purpose, topic_id, now).subquery("allowed")
    silent = suppressed_query(workspace_id, is_notice=is_notice).subquery("silent")
    may = true() if is_notice else allowed.c.customer_id.is_not(None)
    reason: ColumnElement[str | None] = case(
        (data.c.address_digest.is_(None), literal("no_address")),
        (silent.c.address_digest.is_not(None), literal("suppressed")),
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
        )
        .select_from(wanted)
        .join(data, data.c.customer_id == customer_id)
        .outerjoin(allowed, allowed.c.customer_id == customer_id)
        .outerjoin(silent, silent.c.address_digest == data.c.address_digest)
    )


def _people(
    send: Send, audience: Select[tuple[int]], lane_ids: dict[str, int], permission_seq: int | None, now: datetime
) -> CTE:
    """Everyone asked for, with the lane towards them, the record that allows it, or the reason why not."""
    is_notice = send.kind == SendKind.NOTICE
    found = standing_query(
        send.workspace_id,
        audience,
        purpose=send.purpose,
        topic_id=send.topic_id or 0,
        is_notice=is_notice,
        now=now,
    ).subquery("found")
    # Written into the statement: joined, the lanes would make PostgreSQL expect a hundredth of the rows.
    lane_id = case(lane_ids, value=found.c.provider, else_=lane_ids[lanes.EVERYBODY_ELSE]).label("lane_id")
    return select(
        func.nextval("messages_id_seq").label("id"),
        found.c.customer_id,
        func.coalesce(cast(literal(permission_seq), BigInteger), found.c.ledger_seq).label("ledger_seq"),
        found.c.reason,
        lane_id,
    ).cte("person")


def suppressed_query(workspace_id: int, *, is_notice: bool) -> Select[bytes]:
    """Select the addresses that stay silent. A notice answers a person's own request: only a dead mailbox stops it."""
    query = suppression.digests_query(workspace_id)
    if is_notice:
        query = query.where(literal_column("suppressions.reason") == suppression.BOUNCED)
    return query


def _messages(send: Send, person: CTE, *, extra: dict[str, Any] | None, due_at: datetime | None) -> Insert:
    is_mailable = person.c.reason.is_(None)
    rows = select(
        literal(send.workspace_id),
        person.c.id,
        literal(send.id),
        person.c.customer_id,
        case((is_mailable, literal(MessageState.QUEUED.value)), else_=literal(MessageState.SKIPPED.value)),
        person.c.reason,
        person.c.ledger_seq,
        case((is_mailable, cast(literal(due_at), TIMESTAMP(timezone=True)))),
        cast(bindparam("extra", extra, type_=JSONB(none_as_null=True)), JSONB),
        literal(0, Integer),
    )
    names = (
        *("workspace_id", "id", "send_id", "customer_id", "state", "reason"),
        *("permission_seq", "due_at", "extra", "attempt"),
    )
    return insert(Message).from_select(names, rows)


def _batches(send: Send, person: CTE, counted: CTE, due_at: datetime | None) -> CTE:
    """Cut each lane's messages into batches."""
    mailable = select(person.c.lane_id, func.array_agg(person.c.id).label("ids")).where(person.c.reason.is_(None))
    if counted is not person:
        mailable = mailable.where(person.c.id.in_(select(counted.c.id)))
    lane = mailable.group_by(person.c.lane_id).subquery("lane")
    start = (
        func.generate_series(1, func.cardinality(lane.c.ids), BATCH_SIZE)
        .table_valued("at")
        .render_derived()
        .lateral("start")
    )
    ids = lane.c.ids[start.c.at : start.c.at + literal(BATCH_SIZE - 1)]
    rows = select(
        literal(send.workspace_id),
        literal(send.id),
        lane.c.lane_id,
        cast(literal(due_at), TIMESTAMP(timezone=True)),
        func.cardinality(ids),
        ids,
        literal("queued"),
        literal(0, Integer),
    ).select_from(lane.join(start, true()))
    names = ("workspace_id", "send_id", "lane_id", "due_at", "message_count", "message_ids", "state", "attempt")
    return insert(Batch).from_select(names, rows).cte("batched")
