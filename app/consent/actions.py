"""What a person can do about being written to: each action is one business event, recorded, folded and announced.

A new yes of the person themselves always counts; a no always counts at once; a no said twice is one record.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.consent import facts, permission, suppression, topics
from app.consent.ledger import ledger
from app.consent.ledger.evidence import Evidence
from app.consent.ledger.record import Entry
from app.consent.permission import PermissionRow
from app.consent.purposes import ALL_TOPICS, MARKETING, PERSONAL_PURPOSES, PROFILING, SAID_NO, Event
from app.customers.addresses import changes, queries
from app.customers.merging import aliases
from app.customers.profiles import people
from app.customers.relations import erasure
from app.kernel.queueing import outbox


def grant(
    session: Session,
    workspace_id: int,
    customer_id: int,
    *,
    purpose: str = MARKETING,
    topic_id: int = ALL_TOPICS,
    evidence: Evidence,
    now: datetime,
    event: Event = Event.GIVEN,
    expires_at: datetime | None = None,
    expires_rule: str | None = None,
) -> int:
    """Record that this person said yes and return the record's number. Only for the person's own act."""
    customer_id = _held(session, workspace_id, customer_id)
    entry = _entry(session, workspace_id, customer_id, event, purpose, topic_id, evidence)
    entry = entry._replace(expires_at=expires_at, expires_rule=expires_rule)
    seq = ledger.append(session, workspace_id, entry, now=now)
    outbox.publish(session, facts.ConsentGiven(workspace_id, customer_id, purpose, topic_id))
    return seq


def withdraw(
    session: Session,
    workspace_id: int,
    customer_id: int,
    *,
    purpose: str = MARKETING,
    topic_id: int | None = None,
    evidence: Evidence,
    now: datetime,
) -> int | None:
    """End a consent: to one topic, to all of them (None), or to another purpose. Withdrawing twice is one record."""
    topic = ALL_TOPICS if topic_id is None else topic_id
    return _say_no(session, workspace_id, customer_id, Event.WITHDRAWN, purpose, topic, evidence, now)


def object_all(session: Session, workspace_id: int, customer_id: int, *, evidence: Evidence, now: datetime) -> None:
    """End all marketing, and the profiling done for it, for good (GDPR Art. 21)."""
    customer_id = _held(session, workspace_id, customer_id)
    _say_no(session, workspace_id, customer_id, Event.OBJECTED, MARKETING, ALL_TOPICS, evidence, now)
    _say_no(session, workspace_id, customer_id, Event.OBJECTED, PROFILING, ALL_TOPICS, evidence, now)
    _suppress(session, workspace_id, customer_id, suppression.OBJECTED, evidence, now)


def leave_all(session: Session, workspace_id: int, customer_id: int, *, evidence: Evidence, now: datetime) -> None:
    """End every topic and every other purpose this person ever allowed; a later yes to one topic counts again."""
    customer_id = _held(session, workspace_id, customer_id)
    withdraw(session, workspace_id, customer_id, evidence=evidence, now=now)
    held = {row.purpose for row in permission.state_of(session, workspace_id, customer_id) if row.allowed}
    for purpose in PERSONAL_PURPOSES:
        if purpose in held:
            withdraw(session, workspace_id, customer_id, purpose=purpose, evidence=evidence, now=now)


def complain(session: Session, workspace_id: int, customer_id: int, *, evidence: Evidence, now: datetime) -> None:
    """Record that this person reported a mail as unwanted: all marketing ends, the address it names is suppressed."""
    customer_id = _held(session, workspace_id, customer_id)
    _say_no(session, workspace_id, customer_id, Event.COMPLAINED, MARKETING, ALL_TOPICS, evidence, now)
    _suppress(session, workspace_id, customer_id, suppression.COMPLAINED, evidence, now)


def refuse(
    session: Session,
    workspace_id: int,
    customer_id: int,
    *,
    purpose: str,
    topic_id: int = ALL_TOPICS,
    evidence: Evidence,
    now: datetime,
) -> int | None:
    """Record that this person was asked and said no. It ends nothing given before; refusing twice is one record."""
    customer_id = _held(session, workspace_id, customer_id)
    held = _state_row(session, workspace_id, customer_id, purpose, topic_id)
    if held and (held.allowed or held.state in SAID_NO or held.state == "refused"):
        return None
    entry = _entry(session, workspace_id, customer_id, Event.REFUSED, purpose, topic_id, evidence)
    return ledger.append(session, workspace_id, entry, now=now)


def erase_evidence(session: Session, workspace_id: int, customer_id: int, *, evidence: Evidence, now: datetime) -> None:
    """Remove the personal values behind this person's records, all their addresses, and whom they belong with.

    What was agreed stays provable, who it was does not; every email they have or had stays suppressed as a digest, but
    one that is somebody else's by now. Raise NotFound.
    """
    ledger.hold(session, workspace_id)
    people.hold(session, people.get(session, workspace_id, customer_id))
    entry = _entry(session, workspace_id, customer_id, Event.ERASED, MARKETING, ALL_TOPICS, evidence)
    ledger.append(session, workspace_id, entry, now=now)
    for digest in queries.own_email_digests(session, workspace_id, customer_id):
        suppression.add(
            *(session, workspace_id), address_digest=digest, reason=suppression.ERASED, source=evidence.method, now=now
        )
    ledger.forget_evidence(session, workspace_id, customer_id)
    changes.erase(session, workspace_id, customer_id, now=now)
    erasure.erase(session, workspace_id, customer_id)
    outbox.publish(session, facts.ConsentWithdrawn(workspace_id, customer_id, MARKETING, ALL_TOPICS))


def _held(session: Session, workspace_id: int, customer_id: int) -> int:
    """Hold the ledger, and return the number this person has now: no answer is written for one who became another."""
    ledger.hold(session, workspace_id)
    return aliases.current_id(session, workspace_id, customer_id)


def _say_no(
    session: Session,
    workspace_id: int,
    customer_id: int,
    event: Event,
    purpose: str,
    topic_id: int,
    evidence: Evidence,
    now: datetime,
) -> int | None:
    customer_id = _held(session, workspace_id, customer_id)
    if _already_said(session, workspace_id, customer_id, event, purpose, topic_id):
        return None
    entry = _entry(session, workspace_id, customer_id, event, purpose, topic_id, evidence)
    seq = ledger.append(session, workspace_id, entry, now=now)
    outbox.publish(session, facts.ConsentWithdrawn(workspace_id, customer_id, purpose, topic_id, evidence.message_id))
    return seq


def _already_said(
    session: Session, workspace_id: int, customer_id: int, event: Event, purpose: str, topic_id: int
) -> bool:
    """Say whether this no, or a stronger one, already stands and nothing it would end is allowed."""
    strength = ("withdrawn", "objected", "complained", "erased")
    rows = [row for row in permission.state_of(session, workspace_id, customer_id) if row.purpose == purpose]
    reached = [row for row in rows if topic_id in (row.topic_id, ALL_TOPICS)]
    held = next((row for row in reached if row.topic_id == topic_id), None)
    if held is None or held.state not in SAID_NO or any(row.allowed for row in reached):
        return False
    if held.ledger_seq <= _joined_at(session, workspace_id, customer_id):
        # It came with a merge: said once more it is this person's own, and holds for both if they are parted again.
        return False
    return strength.index(held.state) >= strength.index(str(event))


def _joined_at(session: Session, workspace_id: int, customer_id: int) -> int:
    """Return the latest record that joined another's answers to this person's; 0 where nobody was merged."""
    if len(aliases.all_ids(session, workspace_id, customer_id)) == 1:
        return 0
    return ledger.latest_of(session, workspace_id, customer_id, Event.MERGED)


def _state_row(
    session: Session, workspace_id: int, customer_id: int, purpose: str, topic_id: int
) -> PermissionRow | None:
    rows = permission.state_of(session, workspace_id, customer_id)
    return next((row for row in rows if (row.purpose, row.topic_id) == (purpose, topic_id)), None)


def _suppress(
    session: Session, workspace_id: int, customer_id: int, reason: str, evidence: Evidence, now: datetime
) -> None:
    """Suppress the address that the answer names; not one that has become somebody else's meanwhile."""
    digest = _named(session, workspace_id, customer_id, evidence)
    if digest and not queries.is_somebody_elses(session, workspace_id, customer_id, digest):
        suppression.add(session, workspace_id, address_digest=digest, reason=reason, source=evidence.method, now=now)


def _entry(
    session: Session,
    workspace_id: int,
    customer_id: int,
    event: Event,
    purpose: str,
    topic_id: int,
    evidence: Evidence,
) -> Entry:
    topic = topics.get(session, workspace_id, topic_id) if topic_id else None
    return Entry(
        event=event,
        customer_id=customer_id,
        purpose=purpose,
        evidence=evidence,
        topic_id=topic_id,
        topic_key=topic.key if topic else None,
        promise=topic.promise if topic else None,
        address_digest=_named(session, workspace_id, customer_id, evidence),
    )


def _named(session: Session, workspace_id: int, customer_id: int, evidence: Evidence) -> bytes | None:
    """Return the digest of the address an answer is about: the one it names, or else the person's present one."""
    if evidence.address_digest:
        return evidence.address_digest
    return session.scalar(select(suppression.digest_query(workspace_id, customer_id)))
