"""The store of a lane worker: every statement of the hot path, one transaction each.

The sender talks to servers; the store claims batches, asks the gate, hands groups over and records answers for it. It
runs in one thread of its own, so a slow disk never keeps a server waiting in the middle of a reply.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.accounts.identities import identities
from app.accounts.identities.relays import Relay
from app.delivery import gate, history
from app.delivery.gate import Candidate, Drop, WaitUntil
from app.delivery.models import MessageState, SendState
from app.delivery.sending import bounce_handling, compiled_sends, lanes, outage_holds, outgoing, sends
from app.delivery.sending.compiled_sends import CompiledSend
from app.delivery.sending.outgoing import OutgoingMessage
from app.delivery.sending.results import BEYOND_THE_MESSAGE, Result
from app.delivery.smtp.envelopes import Timeouts
from app.delivery.throttling import relay_timeouts
from app.delivery.throttling.refusing_domains import RefusingDomains
from app.delivery.transitions import batches, handoff, send_states
from app.delivery.transitions.handoff import FetchedMessage
from app.kernel.database import KeptConnection, raw
from app.kernel.queueing import outages
from app.kernel.refusals import Refusal
from app.kernel.services import Services
from app.kernel.sql import arrays

log = structlog.get_logger()

@dataclass(frozen=True)
class LaneSettings:
    """How this lane reaches its relay, and within which bounds."""

    relay: Relay
    timeouts: Timeouts
    rate: float | None
    connections: int


# How long a sender waits for a database that went away before it gives up; deadlocks are over at the first wait.
RETRY_DELAYS = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0)

T = TypeVar("T")


def with_retries(work: Callable[[], T]) -> T:
    """Do the work again while the database is away or asks to give way. All of the store's work may be done twice."""
    for delay in RETRY_DELAYS:
        try:
            return work()
        except (OperationalError, psycopg.OperationalError) as error:
            log.warning("delivery.database_away", error=type(error).__name__)
            time.sleep(delay)
    return work()


class SendStore:
    """The written side of one sender in one lane."""

    def __init__(
        self, services: Services, workspace_id: int, lane_id: int, *, only_transactional: bool = False
    ) -> None:
        self._services = services
        self._only_transactional = only_transactional
        self._database = services.database
        self._workspace_id = workspace_id
        self._lane_id = lane_id
        self._holder = uuid4().hex
        self._plans: dict[int, CompiledSend] = {}
        self._domains = RefusingDomains(workspace_id)
        self._kept = KeptConnection(services.database, workspace_id)
        self._open: set[int] = set()
        self._lost: set[int] = set()

    # -- the lane ---------------------------------------------------------------------------------------------

    def open(self) -> LaneSettings | None:
        """Return the lane's terms, or None while it is closed or held back."""
        with self._database.transaction(self._workspace_id) as session:
            if not self._only_transactional:
                if outages.is_down(session):
                    return None
                outage_holds.hold(session, self._workspace_id)
            lane = lanes.get(session, self._workspace_id, self._lane_id)
            if not lanes.is_open(session, self._workspace_id, lane, now=self._now()):
                return None
            identity = identities.get(session, self._workspace_id, lane.identity_id)
            self._domains.identity_id = identity.id
            senders = lanes.count_senders(session, self._workspace_id, lane, holder=self._holder)
            relay = identities.relay(identity, self._services.settings)
            return LaneSettings(
                relay=relay,
                timeouts=relay_timeouts.timeouts(relay, self._services.settings),
                rate=_share(lane.rate_per_second, identity.rate_per_second, senders),
                # After a backoff one connection comes first; each run that goes well doubles what there may be.
                connections=max(1, (identity.max_connections // senders) >> lane.backoffs),
            )

    def rate(self) -> float | None:
        """Return the messages a second this lane may send at present: an identity's senders share what it may."""
        with self._database.transaction(self._workspace_id) as session:
            lane = lanes.get(session, self._workspace_id, self._lane_id)
            identity = identities.get(session, self._workspace_id, lane.identity_id)
            senders = lanes.count_senders(session, self._workspace_id, lane, holder=self._holder)
            return _share(lane.rate_per_second, identity.rate_per_second, senders)

    def back_off(self, least: timedelta, *, is_relay_away: bool) -> None:
        """Let the lane rest; the provider does not take our mail right now, or the relay that all lanes share."""
        with self._database.transaction(self._workspace_id) as session:
            until = lanes.back_off(
                session,
                self._workspace_id,
                self._lane_id,
                now=self._now(),
                least=least,
                with_neighbours=is_relay_away,
            )
        log.warning("delivery.lane_held_back", lane_id=self._lane_id, until=until.isoformat())

    def clear_backoff(self) -> None:
        """Forget earlier backoffs."""
        with self._database.transaction(self._workspace_id) as session:
            lanes.clear_backoff(session, self._workspace_id, self._lane_id)

    def renew(self) -> None:
        """Hold on to every batch in hand. A lost one is let go: its messages are fenced by their attempt anyway."""
        if self._open:
            with self._database.transaction(self._workspace_id) as session:
                held = batches.renew(session, self._workspace_id, list(self._open), holder=self._holder)
            self._lost |= self._open - held
            self._open &= held

    def close(self, batch_ids: Sequence[int] | None = None) -> None:
        """Give batches back: all of them, or those whose messages are all accounted for."""
        wanted = sorted(self._open | self._lost if batch_ids is None else self._open & set(batch_ids))
        if not wanted:
            return
        now = self._now()
        with self._database.transaction(self._workspace_id) as session:
            ended = batches.close(session, self._workspace_id, wanted, holder=self._holder, now=now)
        self._open -= set(wanted)
        if ended:
            # In a transaction of its own: sends are locked before batches. What is cut short here the sweep does.
            with self._database.transaction(self._workspace_id) as session:
                send_states.finish_empty(session, self._workspace_id, ended, now=now)

    def release(self) -> None:
        """Give the connection back that the store keeps while it works."""
        self._kept.close()

    # -- messages ----------------------------------------------------------------------------------------------

    def claim(self) -> list[OutgoingMessage] | None:
        """Lease one batch and return those of its messages the gate lets through; None when nothing is due."""
        now = self._now()
        with self._database.transaction(self._workspace_id) as session:
            claimed = batches.claim(
                session,
                self._workspace_id,
                self._lane_id,
                holder=self._holder,
                only_transactional=self._only_transactional,
                now=now,
            )
            if claimed is None:
                return None
            self._domains.look(session)
            plan = self._plan(session, claimed.send_id)
            through = self._evaluate(session, plan, claimed.id, claimed.message_ids, now) if plan else []
        self._open.add(claimed.id)
        if not through:
            self.close([claimed.id])
        return through

    def reevaluate(self, held: list[OutgoingMessage]) -> list[OutgoingMessage]:
        """Ask the gate once more about messages that could not be handed off; those that still may are returned."""
        through: list[OutgoingMessage] = []
        now = self._now()
        with self._database.transaction(self._workspace_id) as session:
            for plan, batch_id in {(message.plan, message.batch_id): None for message in held}:
                ids = [one.id for one in held if one.plan is plan and one.batch_id == batch_id]
                self._domains.look(session)
                if sends.get(session, self._workspace_id, plan.send_id).state == SendState.RUNNING:
                    through += self._evaluate(session, plan, batch_id, ids, now)
        return through

    def flush(self, records: list[Result], messages: Sequence[OutgoingMessage]) -> set[int]:
        """Write down what became of earlier messages and hand these off, in one transaction.

        Returns the ids handed off: from here on, and only from here on, their final dots may leave.
        """
        now = self._now()
        # Who was claimed before their domain refused us goes back to the gate, which lets them wait.
        by_plan: dict[int, list[OutgoingMessage]] = {}
        for message in messages:
            if not self._domains.rests(message, now):
                by_plan.setdefault(message.plan.send_id, []).append(message)
        answers = self._domains.answers(records)
        if answers or any(record.effect in BEYOND_THE_MESSAGE for record in records):
            with self._database.transaction(self._workspace_id) as session:
                handed = self._move(raw(session), records, by_plan, now)
                bounce_handling.apply(session, self._workspace_id, self._lane_id, records, now=now)
                self._domains.note(session, answers, now)
        else:
            with self._kept.transaction() as connection:
                handed = self._move(connection, records, by_plan, now)
        for message in messages:
            if message.id in handed:
                message.attempt += 1
                message.counted_at = message.counted_at or now
        return handed

    def _move(
        self,
        connection: psycopg.Connection[Any],
        records: list[Result],
        by_plan: dict[int, list[OutgoingMessage]],
        now: datetime,
    ) -> set[int]:
        handed: set[int] = set()
        written = self._written(records)
        for asked in by_plan.values():
            asked.sort(key=attrgetter("customer_id"))
            statement = asked[0].plan.hand_off
            values = {**statement.values(now), **written, **self._asked(asked, now)}
            handed.update(row[0] for row in connection.execute(statement.sql, values))
            written = self._written([])
        if records and not by_plan:
            connection.execute(handoff.OUTCOMES, written)
        return handed

    def _plan(self, session: Session, send_id: int) -> CompiledSend | None:
        if send_id not in self._plans:
            send = sends.get(session, self._workspace_id, send_id)
            try:
                self._plans[send_id] = compiled_sends.make(session, self._workspace_id, send, self._services.settings)
            except Refusal as refusal:
                # Whatever is wrong with one send, the lane's other sends go on.
                log.warning("delivery.content_refused", send_id=send_id, refused=repr(refusal))
                sends.pause_many(session, self._workspace_id, [send_id], reason="content_refused")
                return None
        return self._plans[send_id]

    def _evaluate(
        self, session: Session, plan: CompiledSend, batch_id: int, message_ids: list[int], now: datetime
    ) -> list[OutgoingMessage]:
        values = plan.fetch.values(now, workspace=self._workspace_id, ids=message_ids)
        rows = [FetchedMessage._make(row) for row in raw(session).execute(plan.fetch.sql, values)]
        if len(rows) < len(message_ids):
            batches.drop_orphans(session, self._workspace_id, message_ids)
        through: list[OutgoingMessage] = []
        answers: list[tuple[FetchedMessage, Drop | WaitUntil]] = []
        candidates = [outgoing.read_candidate(row) for row in rows]
        self._remember(session, plan, rows, candidates, now)
        for row, candidate in zip(rows, candidates, strict=True):
            answer = gate.evaluate(candidate, plan.rules, now=now)
            if isinstance(answer, gate.SendNow) and not plan.rules.is_transactional:
                answer = self._domains.answer(row.email, now)
            if isinstance(answer, gate.SendNow):
                through.append(outgoing.read_message(row, plan, batch_id))
            else:
                answers.append((row, answer))
        if answers:
            raw(session).execute(handoff.ANSWER, self._answered(answers, plan, now))
        return through

    def _remember(
        self,
        session: Session,
        plan: CompiledSend,
        rows: Sequence[FetchedMessage],
        candidates: Sequence[Candidate],
        now: datetime,
    ) -> None:
        """Look up the contacts of those with so many that what is kept beside them does not reach back far enough."""
        known = zip(rows, candidates, strict=True)
        short = {row.customer_id: one for row, one in known if gate.needs_older_contacts(one, plan.rules, now=now)}
        if short:
            since = now - max(gate.lookback(one, plan.rules) for one in short.values())
            for customer_id, at, topic in history.contacts(session, self._workspace_id, sorted(short), since=since):
                short[customer_id].contact_at, short[customer_id].contact_topic = at, topic

    def _answered(
        self, answers: list[tuple[FetchedMessage, Drop | WaitUntil]], plan: CompiledSend, now: datetime
    ) -> dict[str, Any]:
        waits = [isinstance(answer, WaitUntil) for _, answer in answers]
        return {
            "workspace": self._workspace_id,
            "now": now,
            "policy_version": plan.rules.policy_version,
            "ids": [row.id for row, _ in answers],
            "attempts": [row.attempt for row, _ in answers],
            "states": [MessageState.QUEUED.value if wait else MessageState.SKIPPED.value for wait in waits],
            "reasons": [answer.reason for _, answer in answers],
            "due": [answer.at if isinstance(answer, WaitUntil) else None for _, answer in answers],
        }

    def _asked(self, asked: list[OutgoingMessage], now: datetime) -> dict[str, Any]:
        return {
            "send": asked[0].plan.send_id,
            "topic": asked[0].plan.topic_id,
            "now": now,
            "ids": arrays.numbers([message.id for message in asked]),
            "attempts": arrays.numbers([message.attempt for message in asked]),
            "customers": arrays.numbers([message.customer_id for message in asked]),
            "digests": arrays.binary([message.address_digest or b"" for message in asked]),
            "seen": arrays.times([message.seen for message in asked]),
            "counted": arrays.numbers([message.counted_at is not None for message in asked]),
        }

    def _written(self, records: list[Result]) -> dict[str, Any]:
        return {
            "workspace": self._workspace_id,
            "o_ids": arrays.numbers([record.message.id for record in records]),
            "o_attempts": arrays.numbers([record.message.attempt for record in records]),
            "o_states": arrays.words([record.state.value for record in records]),
            "o_reasons": arrays.texts([record.reason for record in records]),
            "o_due": arrays.times([record.due_at for record in records]),
            "o_codes": arrays.numbers([record.code for record in records]),
            "o_replies": arrays.texts([record.reply for record in records]),
            "o_at": arrays.times([record.at for record in records]),
        }

    def _now(self) -> datetime:
        return self._services.clock.now()


def _share(of_lane: int | None, of_identity: int | None, senders: int) -> float | None:
    limits = [float(of_lane)] if of_lane else []
    return min([*limits, of_identity / senders] if of_identity else limits, default=None)
