"""Which rows of an imported file prove a consent? Those that say when, how and to which words; no others.

An import carries old answers over, it gives none: somebody who has said no here stays a no, whatever the file says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.consent import ledger, notices, topics
from app.consent.evidence import Evidence, Wording
from app.consent.fold import Standings
from app.consent.purposes import ALL_TOPICS, MARKETING, PURPOSES, SAID_NO, Event
from app.consent.record import Entry
from app.consent.topics import TopicInfo
from app.consent.words import N_
from app.kernel import database

# What came of a row's claim, as message ids; pages translate them.
GRANTED = "granted"
NO_TIME = N_("It does not say when this person agreed.")
IN_FUTURE = N_("It says this person agreed at a time that has not come yet.")
NO_METHOD = N_("It does not say how this person agreed (for example: web form, paper, phone).")
NO_WORDING = N_("It does not say which words this person agreed to.")
NO_TOPIC = N_("It does not name a topic of this workspace.")
NO_PURPOSE = N_("It names a purpose that is not known here.")
SAID_NO_HERE = N_("This person has withdrawn or objected here. Only they themselves can agree again.")
SUPPRESSED = N_("This address is on the suppression list.")
ALREADY = N_("This person's permission was already on record.")


_SUPPRESSED = text(
    "SELECT address_digest FROM suppressions"
    " WHERE workspace_id = :workspace_id AND address_digest = ANY(CAST(:digests AS bytea[]))"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one row of a file says about a person's consent. `address_digest` is the one customers keep."""

    customer_id: int
    row: int
    address: str
    address_digest: bytes | None
    consented_at: datetime | None
    method: str
    topic: str = ""
    purposes: Sequence[str] = (MARKETING,)
    wording: str = ""
    language: str = "en"
    notice_id: int | None = None


@dataclass(slots=True)
class Outcome:
    """What came of one row: how many consents it gave, and why not more."""

    row: int
    granted: int = 0
    reasons: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Desk:
    """What is looked up once for a whole batch of rows."""

    topics: dict[str, TopicInfo]
    wordings: dict[tuple[str, str] | int, Wording]
    standings: dict[int, Standings]
    suppressed: set[bytes]
    file_sha256: str
    note: str
    staff_id: int
    now: datetime
    evidence: dict[tuple[str, int], Evidence] = field(default_factory=dict)


def record_many(
    session: Session,
    workspace_id: int,
    import_ref: str,
    rows: Iterable[Claim],
    now: datetime,
    *,
    file_sha256: str = "",
    staff_id: int = 0,
) -> list[Outcome]:
    """Record the consents these rows prove and return, row by row, what came of each.

    `import_ref` names the import for people, for example "import 12, customers.csv"; `file_sha256` names its bytes.
    """
    claims = list(rows)
    if not claims:
        return []
    ledger.hold(session, workspace_id)
    desk = _set_up(session, workspace_id, claims, now)
    desk.file_sha256, desk.note, desk.staff_id = file_sha256, import_ref, staff_id
    entries: list[Entry] = []
    outcomes = [_judge(desk, claim, entries) for claim in claims]
    ledger.append_many(session, workspace_id, entries, now=now, held=desk.standings)
    return outcomes


def _set_up(session: Session, workspace_id: int, claims: list[Claim], now: datetime) -> _Desk:
    known = {topic.key: topic for topic in topics.list_active(session, workspace_id)}
    digests = ",".join(f'"\\\\x{claim.address_digest.hex()}"' for claim in claims if claim.address_digest)
    suppressed = session.scalars(_SUPPRESSED, {"workspace_id": workspace_id, "digests": f"{{{digests}}}"})
    standings = ledger.read_standings(database.raw(session), workspace_id, {claim.customer_id for claim in claims})
    wordings = _wordings(session, workspace_id, claims, now)
    return _Desk(known, wordings, standings, set(suppressed), "", "", 0, now)


def _wordings(
    session: Session, workspace_id: int, claims: list[Claim], now: datetime
) -> dict[tuple[str, str] | int, Wording]:
    """Store every distinct text once and return the references by text or by notice."""
    found: dict[tuple[str, str] | int, Wording] = {}
    for claim in claims:
        if claim.notice_id and claim.notice_id not in found:
            found[claim.notice_id] = notices.get(session, workspace_id, claim.notice_id).wording
        words, language = claim.wording.strip(), notices.language_of(claim.language)
        if words and (words, language) not in found:
            found[words, language] = notices.find_text(
                session, workspace_id, kind=notices.IMPORTED, language=language, text=words, now=now
            ).wording
    return found


def _judge(desk: _Desk, claim: Claim, entries: list[Entry]) -> Outcome:
    """Add what this row proves to the entries and say what came of it."""
    outcome = Outcome(claim.row)
    wording = _wording_of(desk, claim)
    lack = _lack(desk, claim, wording)
    if lack:
        outcome.reasons.append(lack)
        return outcome
    evidence = _evidence(desk, claim.method.strip(), wording)
    for purpose in dict.fromkeys(claim.purposes):
        topic = desk.topics.get(claim.topic) if purpose == MARKETING else None
        reason = _refusal(desk, claim, purpose, topic)
        if reason:
            outcome.reasons.append(reason)
        else:
            entries.append(_entry(claim, purpose, topic, evidence))
            outcome.granted += 1
    return outcome


def _evidence(desk: _Desk, method: str, wording: Wording | None) -> Evidence:
    """Return what all rows share that were gained this way with these words."""
    key = method, wording.notice_id if wording else 0
    if key not in desk.evidence:
        desk.evidence[key] = Evidence(
            method=f"import: {method}"[:200],
            actor="import",
            actor_id=desk.staff_id,
            wording=wording,
            file_sha256=desk.file_sha256 or None,
            note=desk.note,
        )
    return desk.evidence[key]


def _wording_of(desk: _Desk, claim: Claim) -> Wording | None:
    if claim.notice_id:
        return desk.wordings[claim.notice_id]
    return desk.wordings.get((claim.wording.strip(), notices.language_of(claim.language)))


def _lack(desk: _Desk, claim: Claim, wording: Wording | None) -> str | None:
    """Return the piece of evidence this row lacks, or None when it is complete."""
    if claim.consented_at is None:
        return NO_TIME
    if claim.consented_at > desk.now:
        return IN_FUTURE
    if not claim.method.strip():
        return NO_METHOD
    if wording is None:
        return NO_WORDING
    return SUPPRESSED if claim.address_digest in desk.suppressed else None


def _refusal(desk: _Desk, claim: Claim, purpose: str, topic: TopicInfo | None) -> str | None:
    """Return why this purpose is not granted, or None. Unsubscribed wins over any file."""
    if purpose not in PURPOSES:
        return NO_PURPOSE
    if purpose == MARKETING and topic is None:
        return NO_TOPIC
    standings = desk.standings.get(claim.customer_id)
    if not standings:
        return None
    topic_id = topic.id if topic else ALL_TOPICS
    held = standings.get((purpose, topic_id))
    if held and held.allowed:
        return ALREADY
    everything = standings.get((MARKETING, ALL_TOPICS))
    if (held and held.state in (*SAID_NO, "refused")) or (everything and everything.state in SAID_NO):
        # Who left everything and later came back to one topic is asked anew about any other.
        return SAID_NO_HERE
    return None


def _entry(claim: Claim, purpose: str, topic: TopicInfo | None, evidence: Evidence) -> Entry:
    return Entry(
        event=Event.IMPORTED,
        customer_id=claim.customer_id,
        purpose=purpose,
        evidence=evidence,
        topic_id=topic.id if topic else ALL_TOPICS,
        topic_key=topic.key if topic else None,
        promise=topic.promise if topic else None,
        address_digest=claim.address_digest,
        at=claim.consented_at,
        row=claim.row,
        address=claim.address,
    )
