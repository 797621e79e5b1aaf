"""Stores a batch of hits as activities with verdicts, engagement and facts; nothing without consent."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain

from sqlalchemy import BigInteger, any_, cast, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from app.consent import permission
from app.customers.merging import aliases
from app.customers.timeline import activities
from app.customers.timeline.activities import HitRow
from app.kernel import extensions
from app.kernel.queueing import outbox
from app.kernel.sql import arrays
from app.tracking.facts import HumanResponded
from app.tracking.hits import stored_hits, tallies, verdicts
from app.tracking.hits.spool import Line
from app.tracking.hits.stored_hits import EVENT_NAMES, StoredHit
from app.tracking.hits.tallies import Key
from app.tracking.hits.verdicts import Hit, Judgement, Verdict
from app.tracking.models import Link, UntrackedHits

# (session, workspace_id, message_ids, since) -> when the mail server took those of these that it took since then
SentTimesSource = Callable[[Session, int, Sequence[int], datetime], Mapping[int, datetime]]


@dataclass(frozen=True)
class SentTimes:
    """The room that sends mail, which stands above this one."""

    of_rooms: tuple[SentTimesSource, ...] = ()


_ALWAYS_KEPT = ("method", "ip", "agent")
_PURPOSE = {"click": "click_tracking", "open": "open_tracking"}


def store(session: Session, workspace_id: int, lines: Sequence[Line], *, now: datetime) -> None:
    """Store the hits of people who allow it now; of the others only a count per send remains."""
    lines = _of_survivors(session, workspace_id, lines)
    tracked = _tracked(session, workspace_id, lines, now)
    if not tracked:
        return
    owners = {line.message_id: line.customer_id for line in tracked}
    known = tallies.read(session, workspace_id, owners)
    single, several = _apart(tracked, {message_id for message_id, _ in known})
    batch = tallies.sort(several, known)
    stored = _stored_hits(session, workspace_id, [*single, *batch.kept], known)
    lately = Counter((earlier.message_id, earlier.hit.kind) for earlier in chain(*stored.values()))
    again = [line for line in single if line.message_id in stored]
    tallies.add(session, workspace_id, replace(batch, kept=[*again, *batch.kept]), known, lately)
    kept = [*single, *batch.kept]
    if kept:
        _keep(session, workspace_id, _judge(session, workspace_id, kept, stored), now)


def _of_survivors(session: Session, workspace_id: int, lines: Sequence[Line]) -> Sequence[Line]:
    """Return the hits with the present numbers of people; a mail names the one its person had when it was made."""
    former = aliases.current_ids(session, workspace_id, {line.customer_id for line in lines})
    if not former:
        return lines
    return [line._replace(customer_id=former.get(line.customer_id, line.customer_id)) for line in lines]


def _apart(lines: Sequence[Line], known: Collection[int]) -> tuple[list[Line], list[Line]]:
    """Return the hits that come alone of their message, which most do, and those of messages with several."""
    counts = Counter([line.message_id for line in lines])
    single: list[Line] = []
    several: list[Line] = []
    for line in lines:
        message_id = line.message_id
        (several if counts[message_id] > 1 or message_id in known else single).append(line)
    return single, several


def _keep(session: Session, workspace_id: int, judged: Sequence[tuple[Line, Judgement]], now: datetime) -> None:
    """Put these on the timelines with their verdicts, and announce what people did."""
    urls = _urls(session, workspace_id, {line.link_id for line, _ in judged})
    rows = [_row(line, judgement, urls) for line, judgement in judged]
    activities.record_hits(session, workspace_id, rows, version=verdicts.VERSION, now=now)
    clicked = [line for line, judgement in judged if line.kind == "click" and judgement.verdict is Verdict.HUMAN]
    if clicked:
        at = _time(max(line.at for line in clicked)).isoformat()
        customer_ids = sorted({line.customer_id for line in clicked})
        outbox.publish(session, HumanResponded(workspace_id, customer_ids, "click", at))


def _tracked(session: Session, workspace_id: int, lines: Sequence[Line], now: datetime) -> list[Line]:
    """Return the hits of people who allow them to be stored, and count the others."""
    allowed = _allowed(session, workspace_id, lines, now)
    tracked = [line for line in lines if line.customer_id in allowed[line.kind]]
    if len(tracked) < len(lines):
        others = [line for line in lines if line.customer_id not in allowed[line.kind]]
        _count_untracked(session, workspace_id, others)
    return tracked


def _allowed(session: Session, workspace_id: int, lines: Sequence[Line], now: datetime) -> dict[str, set[int]]:
    """Return who allows which kind of hit to be stored."""
    allowed: dict[str, set[int]] = {}
    for kind, purpose in _PURPOSE.items():
        customer_ids = {line.customer_id for line in lines if line.kind == kind}
        query = permission.consented_query(workspace_id, purpose, 0, now)
        customer_id = query.selected_columns.customer_id
        wanted = cast(literal(arrays.numbers(sorted(customer_ids))), ARRAY(BigInteger))
        allowed[kind] = set(session.scalars(query.where(customer_id == any_(wanted)))) if customer_ids else set()
    return allowed


def _judge(
    session: Session, workspace_id: int, lines: Sequence[Line], stored: Mapping[int, list[StoredHit]]
) -> list[tuple[Line, Judgement]]:
    """Judge each message's new hits together with its stored ones, which may be judged anew."""
    counts = Counter([line.message_id for line in lines])
    sent = sent_times(session, workspace_id, counts.keys(), first_hit_at=_time(min([line.at for line in lines])))
    judged: list[tuple[Line, Judgement]] = []
    by_message: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        message_id = line.message_id
        if counts[message_id] == 1 and message_id not in stored and message_id not in sent:
            judged.append((line, verdicts.judge_lone(line.method, line.agent)))
        else:
            by_message[message_id].append(line)
    revised: list[tuple[StoredHit, Judgement]] = []
    for message_id, fresh in by_message.items():
        earlier = [known for known in stored.get(message_id, ()) if known.hit.kind == "click"]
        hits = [known.hit for known in earlier] + [_hit(line) for line in fresh]
        judgements = verdicts.judge(hits, sent_at=sent.get(message_id))
        pairs = zip(earlier, judgements[: len(earlier)], strict=True)
        revised += [pair for pair in pairs if pair[0].verdict != pair[1].verdict]
        judged += zip(fresh, judgements[len(earlier) :], strict=True)
    stored_hits.revise(session, workspace_id, revised)
    return judged


def _stored_hits(
    session: Session, workspace_id: int, kept: Sequence[Line], tallied: Container[Key]
) -> dict[int, list[StoredHit]]:
    """Return the stored hits of the messages hit now: clicks are judged beside them.

    Opens are judged by themselves and only counted, which needs no look where their number is known.
    """
    lines = [line for line in kept if line.kind == "click" or (line.message_id, "open") not in tallied]
    if not lines:
        return {}
    owners = {line.message_id: line.customer_id for line in lines}
    # Twice the reach of a neighbouring hit, so that what is judged anew is seen with all of its own.
    reach = 2 * verdicts.NEARBY
    since = _time(min(line.at for line in lines)) - reach
    until = _time(max(line.at for line in lines)) + reach
    stored: dict[int, list[StoredHit]] = defaultdict(list)
    for known in stored_hits.of_messages(session, workspace_id, owners, since, until):
        stored[known.message_id].append(known)
    return stored


def sent_times(
    session: Session, workspace_id: int, message_ids: Collection[int], *, first_hit_at: datetime
) -> dict[int, datetime]:
    """Return when the mail server took these messages, of those taken so late that it says something about a hit."""
    times: dict[int, datetime] = {}
    for ask in extensions.of(session, SentTimes).of_rooms:
        times.update(ask(session, workspace_id, list(message_ids), first_hit_at - verdicts.SOON))
    return times


def _urls(session: Session, workspace_id: int, link_ids: set[int]) -> dict[int, str]:
    query = select(Link.id, Link.url).where(Link.workspace_id == workspace_id, Link.id.in_(link_ids - {0}))
    return {row.id: row.url for row in session.execute(query)}


def _hit(line: Line) -> Hit:
    return Hit(line.kind, _time(line.at), line.link_id, line.method, line.ip, line.agent)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _row(line: Line, judgement: Judgement, urls: Mapping[int, str]) -> HitRow:
    kind, at, _, message_id, send_id, customer_id, link_id, method, ip, agent, referer = line
    facts = _facts(method, ip, agent, referer, urls.get(link_id))
    verdict, reasons = judgement.verdict.value, judgement.reasons
    name = EVENT_NAMES[kind]
    return HitRow(customer_id, at, name, message_id, send_id, link_id or None, verdict, reasons, facts)


@lru_cache(maxsize=16_384)
def _facts(method: str, ip: str, agent: str, referer: str, url: str | None) -> str:
    facts = {"method": method, "ip": ip, "agent": agent, "referer": referer, "url": url}
    return json.dumps({name: value for name, value in facts.items() if value or name in _ALWAYS_KEPT})


def _count_untracked(session: Session, workspace_id: int, lines: Sequence[Line]) -> None:
    """Count per send what may not be related to anybody."""
    counts = Counter((line.send_id, line.kind) for line in lines)
    statement = insert(UntrackedHits).values(
        [
            {"workspace_id": workspace_id, "send_id": send_id, "kind": kind, "count": count}
            for (send_id, kind), count in sorted(counts.items())
        ]
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["workspace_id", "send_id", "kind"],
            set_={"count": UntrackedHits.count + statement.excluded.count},
        )
    )
