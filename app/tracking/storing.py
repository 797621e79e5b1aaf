"""What does a batch of hits leave behind? Activities with verdicts, sums, news; without consent, nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import BigInteger, any_, cast, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from app.consent import permission
from app.customers import engagement, timeline
from app.customers.engagement import Change
from app.customers.timeline import ActivityRow
from app.kernel import outbox
from app.tracking import hits, verdicts
from app.tracking.facts import HumanResponded
from app.tracking.hits import StoredHit
from app.tracking.models import Link, SilentCount
from app.tracking.spool import Line
from app.tracking.verdicts import Hit, Judgement, Verdict

# Asks a higher room when the mail server took these messages; wiring fills it.
SentTimes = Callable[[Session, int, Sequence[int]], Mapping[int, datetime]]
SENT_TIMES: list[SentTimes] = []

_PURPOSE = {"click": "click_tracking", "open": "open_tracking"}


def store(session: Session, workspace_id: int, lines: Sequence[Line], *, now: datetime) -> None:
    """Store the hits of people who allow it now; of the others only a count per send remains."""
    allowed = _allowed(session, workspace_id, lines, now)
    kept = [line for line in lines if line.customer_id in allowed[line.kind]]
    _count_silently(session, workspace_id, [line for line in lines if line.customer_id not in allowed[line.kind]])
    if not kept:
        return
    judged = _judge(session, workspace_id, kept)
    urls = _urls(session, workspace_id, {line.link_id for line in kept})
    timeline.record_many(session, [_row(line, judgement, urls) for line, judgement in judged])
    changes = _changes(judged)
    engagement.apply(session, workspace_id, changes)
    responded = {change.customer_id: change.human_at for change in changes if change.human_at}
    if responded:
        at = max(responded.values()).isoformat()
        outbox.publish(session, HumanResponded(workspace_id, sorted(responded), "click", at))


def _allowed(session: Session, workspace_id: int, lines: Sequence[Line], now: datetime) -> dict[str, set[int]]:
    """Return who allows which kind of hit to be stored."""
    asked: dict[str, set[int]] = {"click": set(), "open": set()}
    for line in lines:
        asked[line.kind].add(line.customer_id)
    allowed: dict[str, set[int]] = {}
    for kind, customer_ids in asked.items():
        query = permission.consented_query(workspace_id, _PURPOSE[kind], 0, now)
        customer_id = query.selected_columns.customer_id
        wanted = cast(literal(hits.array(sorted(customer_ids))), ARRAY(BigInteger))
        allowed[kind] = set(session.scalars(query.where(customer_id == any_(wanted)))) if customer_ids else set()
    return allowed


def _judge(session: Session, workspace_id: int, lines: Sequence[Line]) -> list[tuple[Line, Judgement]]:
    """Judge each message's new hits in the company of its stored ones, which may be judged anew by it."""
    by_message: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        by_message[line.message_id].append(line)
    stored = _stored_company(session, workspace_id, lines)
    sent = sent_times(session, workspace_id, list(by_message))
    judged: list[tuple[Line, Judgement]] = []
    revised: list[tuple[StoredHit, Judgement]] = []
    for message_id, fresh in by_message.items():
        earlier = stored.get(message_id, [])
        company = [known.hit for known in earlier] + [_hit(line) for line in fresh]
        judgements = verdicts.judge(company, sent_at=sent.get(message_id))
        pairs = zip(earlier, judgements[: len(earlier)], strict=True)
        revised += [pair for pair in pairs if pair[0].verdict != pair[1].verdict]
        judged += zip(fresh, judgements[len(earlier) :], strict=True)
    hits.revise(session, workspace_id, revised)
    return judged


def _stored_company(session: Session, workspace_id: int, lines: Sequence[Line]) -> dict[int, list[StoredHit]]:
    first = datetime.fromtimestamp(min(line.at for line in lines), UTC)
    stored: dict[int, list[StoredHit]] = defaultdict(list)
    # Twice the reach of company, so that what is judged anew is seen with all of its own.
    messages = {line.message_id: line.customer_id for line in lines}
    for known in hits.company(session, workspace_id, messages, first - 2 * verdicts.COMPANY):
        stored[known.message_id].append(known)
    return stored


def sent_times(session: Session, workspace_id: int, message_ids: Sequence[int]) -> dict[int, datetime]:
    """Return when the mail server took these messages, as far as anybody knows."""
    times: dict[int, datetime] = {}
    for ask in SENT_TIMES:
        times.update(ask(session, workspace_id, message_ids))
    return times


def _urls(session: Session, workspace_id: int, link_ids: set[int]) -> dict[int, str]:
    query = select(Link.id, Link.url).where(Link.workspace_id == workspace_id, Link.id.in_(link_ids - {0}))
    return {row.id: row.url for row in session.execute(query)}


def _hit(line: Line) -> Hit:
    return Hit(line.kind, datetime.fromtimestamp(line.at, UTC), line.link_id, line.method, line.ip, line.agent)


def _row(line: Line, judgement: Judgement, urls: Mapping[int, str]) -> ActivityRow:
    facts = {"method": line.method, "ip": line.ip, "agent": line.agent}
    if line.referer:
        facts["referer"] = line.referer
    if line.link_id in urls:
        facts["url"] = urls[line.link_id]
    return ActivityRow(
        line.workspace_id,
        line.customer_id,
        datetime.fromtimestamp(line.at, UTC),
        line.kind,
        line.message_id,
        line.send_id,
        line.link_id or None,
        judgement.verdict.value,
        verdicts.VERSION,
        judgement.reasons,
        facts,
    )


def _changes(judged: Sequence[tuple[Line, Judgement]]) -> list[Change]:
    """Add up what the batch means for each customer. Only a human click is a response."""
    sums: dict[int, _Sums] = {}
    for line, judgement in judged:
        customer = sums.get(line.customer_id)
        if customer is None:
            customer = sums[line.customer_id] = _Sums()
        if judgement.verdict is not Verdict.HUMAN:
            customer.machines += 1
        elif line.kind == "click":
            customer.clicks += 1
            customer.click_at = max(customer.click_at, line.at)
        else:
            customer.opens += 1
            customer.open_at = max(customer.open_at, line.at)
    return [_change(customer_id, customer) for customer_id, customer in sorted(sums.items())]


class _Sums:
    """What one customer did in a batch; times in seconds since 1970, 0 for never."""

    __slots__ = ("click_at", "clicks", "machines", "open_at", "opens")

    def __init__(self) -> None:
        self.opens = self.clicks = self.machines = 0
        self.open_at = self.click_at = 0.0


def _change(customer_id: int, sums: _Sums) -> Change:
    opened = datetime.fromtimestamp(sums.open_at, UTC) if sums.open_at else None
    clicked = datetime.fromtimestamp(sums.click_at, UTC) if sums.click_at else None
    return Change(customer_id, sums.opens, sums.clicks, sums.machines, opened, clicked, None, clicked)


def _count_silently(session: Session, workspace_id: int, lines: Sequence[Line]) -> None:
    """Count per send what may not be related to anybody."""
    counts = Counter((line.send_id, line.kind) for line in lines)
    if not counts:
        return
    statement = insert(SilentCount).values(
        [
            {"workspace_id": workspace_id, "send_id": send_id, "kind": kind, "count": count}
            for (send_id, kind), count in sorted(counts.items())
        ]
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["workspace_id", "send_id", "kind"],
            set_={"count": SilentCount.count + statement.excluded.count},
        )
    )
