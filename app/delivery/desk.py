"""The store of a lane worker: every statement of the hot path, one transaction each.

The sender talks to servers; the desk claims batches, asks the gate, hands groups over and records answers for it. It
runs in one thread of its own, so a slow disk never keeps a server waiting in the middle of a reply.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.accounts import identities
from app.accounts.relays import Relay
from app.delivery import aftermath, batches, gate, history, lanes, letters, patience, plans, sends
from app.delivery.domains import Domains
from app.delivery.gate import Candidate, Drop, WaitUntil
from app.delivery.letters import Letter, Row
from app.delivery.models import MessageState, SendState
from app.delivery.outcomes import Record
from app.delivery.plans import Plan
from app.delivery.smtp import Timeouts
from app.kernel.database import raw
from app.kernel.refusals import Refusal
from app.kernel.services import Services

log = structlog.get_logger()

_ANSWER = """
UPDATE messages m SET state = a.state, reason = a.reason, due_at = a.due_at
FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(reasons)s::text[], %(due)s::timestamptz[])
     AS a(id, state, reason, due_at)
WHERE m.workspace_id = %(workspace)s AND m.id = a.id AND m.state = 'queued'
"""


@dataclass(frozen=True)
class LaneTerms:
    """How this lane reaches its relay, and within which bounds."""

    relay: Relay
    timeouts: Timeouts
    rate: float | None
    connections: int


# How long a sender waits for a database that went away before it gives up; deadlocks are over at the first wait.
PATIENCE = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0)

T = TypeVar("T")


def patiently(work: Callable[[], T]) -> T:
    """Do the work again while the database is away or asks to give way. All of the desk's work may be done twice."""
    for delay in PATIENCE:
        try:
            return work()
        except (OperationalError, psycopg.OperationalError) as error:
            log.warning("delivery.database_away", error=type(error).__name__)
            time.sleep(delay)
    return work()


class Desk:
    """The written side of one sender in one lane."""

    def __init__(self, services: Services, workspace_id: int, lane_id: int, *, only_notices: bool = False) -> None:
        self._services = services
        self._only_notices = only_notices
        self._database = services.database
        self._workspace_id = workspace_id
        self._lane_id = lane_id
        self._holder = uuid4().hex
        self._plans: dict[int, Plan] = {}
        self._domains = Domains(workspace_id)
        self._open: set[int] = set()
        self._lost: set[int] = set()

    # -- the lane ---------------------------------------------------------------------------------------------

    def open(self) -> LaneTerms | None:
        """Return the lane's terms, or None while it is closed or held back."""
        with self._database.transaction(self._workspace_id) as session:
            lane = lanes.get(session, self._workspace_id, self._lane_id)
            if not lanes.is_open(session, self._workspace_id, lane, now=self._now()):
                return None
            identity = identities.get(session, self._workspace_id, lane.identity_id)
            self._domains.identity_id = identity.id
            senders = lanes.count_senders(session, self._workspace_id, lane, beside=self._holder)
            relay = identities.relay(identity, self._services.settings)
            return LaneTerms(
                relay=relay,
                timeouts=patience.timeouts(relay, self._services.settings),
                rate=_share(lane.rate_per_second, identity.rate_per_second, senders),
                # After a setback one connection comes first; each turn that goes well doubles what there may be.
                connections=max(1, (identity.max_connections // senders) >> lane.setbacks),
            )

    def rate(self) -> float | None:
        """Return the messages a second this lane may send at present: an identity's senders share what it may."""
        with self._database.transaction(self._workspace_id) as session:
            lane = lanes.get(session, self._workspace_id, self._lane_id)
            identity = identities.get(session, self._workspace_id, lane.identity_id)
            senders = lanes.count_senders(session, self._workspace_id, lane, beside=self._holder)
            return _share(lane.rate_per_second, identity.rate_per_second, senders)

    def hold_back(self, least: timedelta, *, is_relay_away: bool) -> None:
        """Let the lane rest; the provider does not take our mail right now, or the relay that all lanes share."""
        with self._database.transaction(self._workspace_id) as session:
            until = lanes.hold_back(
                session,
                self._workspace_id,
                self._lane_id,
                now=self._now(),
                least=least,
                with_neighbours=is_relay_away,
            )
        log.warning("delivery.lane_held_back", lane_id=self._lane_id, until=until.isoformat())

    def went_well(self) -> None:
        """Forget earlier setbacks."""
        with self._database.transaction(self._workspace_id) as session:
            lanes.went_well(session, self._workspace_id, self._lane_id)

    def renew(self) -> None:
        """Hold on to every batch in hand. A lost one is let go: its messages are fenced by their attempt anyway."""
        if self._open:
            with self._database.transaction(self._workspace_id) as session:
                held = batches.renew(session, self._workspace_id, list(self._open), holder=self._holder)
            self._lost |= self._open - held
            self._open &= held

    def close(self, batch_ids: Sequence[int] | None = None) -> None:
        """Give batches back: all of them, or those whose letters are all accounted for."""
        wanted = sorted(self._open | self._lost if batch_ids is None else self._open & set(batch_ids))
        if not wanted:
            return
        now = self._now()
        with self._database.transaction(self._workspace_id) as session:
            for send_id in batches.close(session, self._workspace_id, wanted, holder=self._holder, now=now):
                sends.finish_empty(session, self._workspace_id, send_id, now=now)
        self._open -= set(wanted)

    # -- letters ----------------------------------------------------------------------------------------------

    def claim(self) -> list[Letter] | None:
        """Lease one batch and return those of its letters the gate lets through; None when nothing is due."""
        now = self._now()
        with self._database.transaction(self._workspace_id) as session:
            claimed = batches.claim(
                session,
                self._workspace_id,
                self._lane_id,
                holder=self._holder,
                only_notices=self._only_notices,
                now=now,
            )
            if claimed is None:
                return None
            self._domains.look(session)
            plan = self._plan(session, claimed.send_id)
            through = self._weigh(session, plan, claimed.id, claimed.message_ids, now) if plan else []
        self._open.add(claimed.id)
        if not through:
            self.close([claimed.id])
        return through

    def weigh_again(self, held: list[Letter]) -> list[Letter]:
        """Ask the gate once more about letters that could not be handed over; those that still may are returned."""
        through: list[Letter] = []
        now = self._now()
        with self._database.transaction(self._workspace_id) as session:
            for plan, batch_id in {(letter.plan, letter.batch_id): None for letter in held}:
                ids = [one.id for one in held if one.plan is plan and one.batch_id == batch_id]
                self._domains.look(session)
                if sends.get(session, self._workspace_id, plan.send_id).state == SendState.RUNNING:
                    through += self._weigh(session, plan, batch_id, ids, now)
        return through

    def turn(self, records: list[Record], groups: list[list[Letter]]) -> set[int]:
        """Write down what became of the latest groups and hand over the next ones, in one transaction.

        Returns the ids handed over: from here on, and only from here on, their final dots may leave.
        """
        now = self._now()
        by_plan: dict[int, list[Letter]] = {}
        for group in groups:
            # Who was claimed before their domain refused us goes back to the gate, which lets them wait.
            may_leave = [letter for letter in group if not self._domains.rests(letter, now)]
            if may_leave:
                by_plan.setdefault(group[0].plan.send_id, []).extend(may_leave)
        handed: set[int] = set()
        with self._database.transaction(self._workspace_id) as session:
            connection = raw(session)
            written = self._written(records)
            for asked in by_plan.values():
                asked.sort(key=lambda letter: letter.customer_id)
                statement = asked[0].plan.hand_over
                values = {**statement.values(now), **written, **self._asked(asked, now)}
                handed |= {row[0] for row in connection.execute(statement.sql, values)}
                written = self._written([])
            if records and not by_plan:
                connection.execute(plans.OUTCOMES, written)
            aftermath.apply(session, self._workspace_id, self._lane_id, records, now=now)
            self._domains.weigh(session, records, now)
        for group in groups:
            for letter in group:
                if letter.id in handed:
                    letter.attempt += 1
                    letter.counted_at = letter.counted_at or now
        return handed

    def _plan(self, session: Session, send_id: int) -> Plan | None:
        if send_id not in self._plans:
            send = sends.get(session, self._workspace_id, send_id)
            try:
                self._plans[send_id] = plans.make(session, self._workspace_id, send, self._services.settings)
            except Refusal as refusal:
                # Whatever is wrong with one send, the lane's other sends go on.
                log.warning("delivery.content_refused", send_id=send_id, refused=repr(refusal))
                sends.pause(session, self._workspace_id, send_id, reason="content_refused")
                return None
        return self._plans[send_id]

    def _weigh(
        self, session: Session, plan: Plan, batch_id: int, message_ids: list[int], now: datetime
    ) -> list[Letter]:
        values = plan.fetch.values(now, workspace=self._workspace_id, ids=message_ids)
        rows = raw(session).execute(plan.fetch.sql, values).fetchall()
        if len(rows) < len(message_ids):
            batches.drop_orphans(session, self._workspace_id, message_ids)
        through: list[Letter] = []
        answers: list[tuple[Row, Drop | WaitUntil]] = []
        candidates = [letters.candidate(row) for row in rows]
        self._remember(session, plan, rows, candidates, now)
        for row, candidate in zip(rows, candidates, strict=True):
            answer = gate.weigh(candidate, plan.rules, now=now)
            if isinstance(answer, gate.Send) and not plan.rules.is_notice:
                answer = self._domains.answer(row[15], now)
            if isinstance(answer, gate.Send):
                through.append(letters.letter(row, plan, batch_id))
            else:
                answers.append((row, answer))
        if answers:
            raw(session).execute(_ANSWER, self._answered(answers))
        return through

    def _remember(
        self, session: Session, plan: Plan, rows: Sequence[Row], candidates: Sequence[Candidate], now: datetime
    ) -> None:
        """Look up the contacts of those with so many that what is kept beside them does not reach back far enough."""
        known = zip(rows, candidates, strict=True)
        short = {row[1]: one for row, one in known if gate.forgets(one, plan.rules, now=now)}
        if short:
            since = now - max(gate.reach(one, plan.rules) for one in short.values())
            for customer_id, at, topic in history.contacts(session, self._workspace_id, sorted(short), since=since):
                short[customer_id].contact_at, short[customer_id].contact_topic = at, topic

    def _answered(self, answers: list[tuple[Row, Drop | WaitUntil]]) -> dict[str, Any]:
        waits = [isinstance(answer, WaitUntil) for _, answer in answers]
        return {
            "workspace": self._workspace_id,
            "ids": [row[0] for row, _ in answers],
            "states": [MessageState.QUEUED.value if wait else MessageState.SKIPPED.value for wait in waits],
            "reasons": [answer.reason for _, answer in answers],
            "due": [answer.at if isinstance(answer, WaitUntil) else None for _, answer in answers],
        }

    def _asked(self, asked: list[Letter], now: datetime) -> dict[str, Any]:
        return {
            "send": asked[0].plan.send_id,
            "topic": asked[0].plan.topic_id,
            "now": now,
            "ids": _array([letter.id for letter in asked]),
            "attempts": _array([letter.attempt for letter in asked]),
            "customers": _array([letter.customer_id for letter in asked]),
            "digests": _array([f'"\\\\x{(letter.address_digest or b"").hex()}"' for letter in asked]),
            "seen": _array([_time(letter.seen) for letter in asked]),
            "counted": _array([letter.counted_at is not None for letter in asked]),
        }

    def _written(self, records: list[Record]) -> dict[str, Any]:
        return {
            "workspace": self._workspace_id,
            "o_ids": _array([record.letter.id for record in records]),
            "o_attempts": _array([record.letter.attempt for record in records]),
            "o_states": _array([record.state.value for record in records]),
            "o_reasons": _array([_quoted(record.reason) for record in records]),
            "o_due": _array([_time(record.due_at) for record in records]),
            "o_codes": _array(["NULL" if record.code is None else record.code for record in records]),
            "o_replies": _array([_quoted(record.reply) for record in records]),
            "o_at": _array([_time(record.at) for record in records]),
        }

    def _now(self) -> datetime:
        return self._services.clock.now()


def _share(of_lane: int | None, of_identity: int | None, senders: int) -> float | None:
    limits = [float(of_lane)] if of_lane else []
    return min([*limits, of_identity / senders] if of_identity else limits, default=None)


def _array(values: Sequence[int | bool | str]) -> str:
    """Write numbers, plain words or what is quoted already as PostgreSQL reads an array.

    The driver would look for the type of each value and take ten times as long.
    """
    return "{" + ",".join(map(str, values)) + "}"


def _time(at: datetime | None) -> str:
    return "NULL" if at is None else f'"{at.isoformat()}"'


def _quoted(text: str | None) -> str:
    """Write any text as one value of an array; PostgreSQL keeps no NUL."""
    if text is None:
        return "NULL"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\0", "") + '"'
