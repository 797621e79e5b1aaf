"""Imports consents that a file proves: rows that say when, how and to which words; no others.

An import carries old answers over, it gives none: somebody who has said no here stays a no, whatever the file says.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.consent import facts, topics
from app.consent.imports import imported_texts
from app.consent.ledger import ledger
from app.consent.ledger.evidence import Evidence, Wording
from app.consent.ledger.fold import ConsentStates
from app.consent.ledger.record import Entry, Line
from app.consent.purposes import ALL_TOPICS, MARKETING, PURPOSES, SAID_NO, Event
from app.consent.texts import consent_texts
from app.consent.topics import TopicInfo
from app.customers.profiles import customer_queries
from app.kernel import database
from app.kernel.queueing import outbox
from app.kernel.translatable import N_

# What came of a row's claim, as message ids; pages translate them.
GRANTED = "granted"
# What the method of every yes begins with that was brought from elsewhere.
BROUGHT = "import: "
# Noted in the evidence; what is kept there is not translated.
STATED = "stated for the whole file"
NO_TIME = N_("It does not say when this person agreed.")
IN_FUTURE = N_("It says this person agreed at a time that has not come yet.")
NO_METHOD = N_("It does not say how this person agreed (for example: web form, paper, phone).")
NO_WORDING = N_("It does not say which words this person agreed to.")
NO_TOPIC = N_("It does not name a topic of this workspace.")
NO_PURPOSE = N_("It names a purpose that is not known here.")
SAID_NO_HERE = N_("This person has withdrawn or objected here. Only they themselves can agree again.")
SUPPRESSED = N_("This address is on the suppression list.")
OTHER_ADDRESS = N_(
    "It proves the consent of another address than this person has now. An agreement counts for its own mailbox."
)
ALREADY = N_("This person's permission was already on record.")


_SUPPRESSED = text(
    "SELECT address_digest FROM suppressions"
    " WHERE workspace_id = :workspace_id AND address_digest = ANY(CAST(:digests AS bytea[]))"
)


class ImportTerms(NamedTuple):
    """What many rows of a file say alike: how people agreed, to which words, about what and where."""

    method: str
    topic: str = ""
    purposes: tuple[str, ...] = (MARKETING,)
    wording: str = ""
    language: str = "en"
    consent_text_id: int | None = None
    page: str = ""
    # Which of method and wording whoever imported the file stated; its rows do not say it.
    stated: str = ""


class Claim(NamedTuple):
    """What one row of a file says about a person's consent. `address_digest` is the one customers keep. `is_added` says
    that this transaction added the person with that address: nothing is to be looked up, and nobody kept waiting.
    """

    customer_id: int
    row: int
    address: str
    address_digest: bytes | None
    consented_at: datetime | None
    terms: ImportTerms
    ip: str = ""
    is_added: bool = False


@dataclass(slots=True)
class Outcome:
    """What came of one row: how many consents it gave, and why not more."""

    row: int
    granted: int = 0
    # The first permission for any mail at all.
    becomes_mailable: bool = False
    reasons: list[str] = field(default_factory=list)


class _Asked(NamedTuple):
    """One purpose of some terms: the entry it makes in the ledger, or why it can make none."""

    purpose: str
    topic_id: int
    reason: str | None
    entry: Entry


class _Decision(NamedTuple):
    """What some terms come to, as far as they alone tell: what they lack, and the purposes they name."""

    lack: str | None
    asked: list[_Asked]


@dataclass(slots=True)
class _Import:
    """What is looked up once for a whole batch of rows."""

    rulings: dict[ImportTerms, _Decision]
    consent_states: dict[int, ConsentStates]
    suppressed: set[bytes]
    present: dict[int, bytes | None]
    now: datetime


def lock_answers(session: Session, workspace_id: int) -> None:
    """Wait for the ledger before customers are touched: whoever will record proof comes in this order, or two of them
    end up waiting for each other.
    """
    ledger.hold(session, workspace_id)


def prepare(session: Session, workspace_id: int, texts: Iterable[str], *, language: str, now: datetime) -> None:
    """Store the texts of many rows before the ledger is held: whoever waits for it waits for nothing that could have
    been done before. Not while holding it.
    """
    imported_texts.store(session, workspace_id, texts, language=language, now=now)


def foresee(
    session: Session, workspace_id: int, rows: Iterable[Claim], *, addresses: dict[int, bytes | None], now: datetime
) -> list[Outcome]:
    """Return what would come of these rows by the same rules, and write nothing. `addresses` holds the digest each
    person will have where the rows say it; whoever is not there yet has a number below zero.
    """
    claims = list(rows)
    named = {claim.customer_id for claim in claims}
    if not named:
        return []
    known = {topic.key: topic for topic in topics.list_active(session, workspace_id)}
    source = _Source("", "", 0)
    rulings = {terms: _rule(terms, None, known, source) for terms in {claim.terms for claim in claims}}
    there = {number for number in named if number > 0}
    consent_states = ledger.read_consent_states(database.raw(session), workspace_id, there)
    # Only looked at: a preview keeps nobody from anything.
    present = customer_queries.address_digests(session, workspace_id, there) | addresses
    batch = _Import(rulings, consent_states, _suppressed(session, workspace_id, claims), present, now)
    return [_judge(batch, claim, []) for claim in claims]


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
    source = _Source(import_ref, file_sha256, staff_id)
    known = {topic.key: topic for topic in topics.list_active(session, workspace_id)}
    suppressed = _suppressed(session, workspace_id, claims)
    all_terms = {claim.terms for claim in claims}
    wordings = _wordings(session, workspace_id, all_terms, now)
    rulings = {terms: _rule(terms, wordings.get(terms), known, source) for terms in all_terms}
    ledger.hold(session, workspace_id)
    named = {claim.customer_id for claim in claims if not claim.is_added}
    consent_states = ledger.read_consent_states(database.raw(session), workspace_id, named)
    batch = _Import(rulings, consent_states, suppressed, _present(session, workspace_id, named), now)
    lines: list[Line] = []
    outcomes = [_judge(batch, claim, lines) for claim in claims]
    numbers = ledger.append_lines(session, workspace_id, lines, now=now, held=consent_states)
    for topic_id in sorted({line.entry.topic_id for line in lines} - {ALL_TOPICS}):
        outbox.publish(session, facts.ConsentsImported(workspace_id, topic_id, numbers[0], numbers[-1]))
    return outcomes


class _Source(NamedTuple):
    """The file, as every record made from it names it."""

    note: str
    file_sha256: str
    staff_id: int


def _suppressed(session: Session, workspace_id: int, claims: list[Claim]) -> set[bytes]:
    digests = ",".join(f'"\\\\x{claim.address_digest.hex()}"' for claim in claims if claim.address_digest)
    found = session.scalars(_SUPPRESSED, {"workspace_id": workspace_id, "digests": f"{{{digests}}}"})
    return set(found)


def _present(session: Session, workspace_id: int, customer_ids: set[int]) -> dict[int, bytes | None]:
    """Return the digest of each person's address as it is now, and keep it so until the claims are recorded."""
    return customer_queries.address_digests(session, workspace_id, customer_ids, hold=True)


def _wordings(
    session: Session, workspace_id: int, all_terms: set[ImportTerms], now: datetime
) -> dict[ImportTerms, Wording]:
    """Return the words agreed to, by terms; texts are stored when they are first met, and once."""
    found = {
        terms: consent_texts.get(session, workspace_id, terms.consent_text_id).wording
        for terms in all_terms
        if terms.consent_text_id
    }
    by_language: dict[str, set[ImportTerms]] = {}
    for terms in all_terms:
        if not terms.consent_text_id and terms.wording.strip():
            by_language.setdefault(terms.language, set()).add(terms)
    for language, spoken in by_language.items():
        texts = {terms.wording for terms in spoken}
        stored = imported_texts.store(session, workspace_id, texts, language=language, now=now)
        found |= {terms: stored[terms.wording.strip()] for terms in spoken}
    return found


def _rule(terms: ImportTerms, wording: Wording | None, known: dict[str, TopicInfo], source: _Source) -> _Decision:
    """Say what these terms come to, whoever agreed to them."""
    method = terms.method.strip()
    has_words = bool(terms.consent_text_id or terms.wording.strip())
    lack = NO_METHOD if not method else NO_WORDING if not has_words else None
    evidence = Evidence(
        method=f"{BROUGHT}{method}"[:200],
        actor="import",
        actor_id=source.staff_id,
        wording=wording,
        page=terms.page or None,
        file_sha256=source.file_sha256 or None,
        note=f"{source.note}, {terms.stated} {STATED}" if terms.stated else source.note,
    )
    purposes = dict.fromkeys(terms.purposes)
    return _Decision(lack, [_asked(purpose, known.get(terms.topic), evidence) for purpose in purposes])


def _asked(purpose: str, topic: TopicInfo | None, evidence: Evidence) -> _Asked:
    if purpose != MARKETING:
        entry = Entry(Event.IMPORTED, 0, purpose, evidence)
        return _Asked(purpose, ALL_TOPICS, None if purpose in PURPOSES else NO_PURPOSE, entry)
    if topic is None:
        return _Asked(purpose, ALL_TOPICS, NO_TOPIC, Entry(Event.IMPORTED, 0, purpose, evidence))
    entry = Entry(Event.IMPORTED, 0, purpose, evidence, topic.id, topic.key, topic.promise)
    return _Asked(purpose, topic.id, None, entry)


def _judge(batch: _Import, claim: Claim, lines: list[Line]) -> Outcome:
    """Add what this row proves to the lines and say what came of it."""
    customer_id, row, address, address_digest, at, terms, ip, is_added = claim
    outcome = Outcome(row)
    ruling = batch.rulings[terms]
    lack = _lack(batch, at, ruling.lack, address_digest)
    if lack is None and not is_added and batch.present.get(customer_id) != address_digest:
        lack = OTHER_ADDRESS
    if lack:
        outcome.reasons.append(lack)
        return outcome
    consent_states = batch.consent_states.get(customer_id)
    for asked in ruling.asked:
        reason = asked.reason or (_refusal(consent_states, asked) if consent_states else None)
        if reason:
            outcome.reasons.append(reason)
        else:
            lines.append(Line(asked.entry, customer_id, address_digest, at, row, address, ip))
            outcome.granted += 1
            outcome.becomes_mailable |= asked.purpose == MARKETING and not _is_mailable(consent_states)
    return outcome


def _is_mailable(consent_states: ConsentStates | None) -> bool:
    return any(held.allowed for (purpose, _), held in (consent_states or {}).items() if purpose == MARKETING)


def _lack(batch: _Import, at: datetime | None, lack: str | None, address_digest: bytes | None) -> str | None:
    """Return the piece of evidence this row lacks, or None when it is complete."""
    if at is None:
        return NO_TIME
    if at > batch.now:
        return IN_FUTURE
    return lack or (SUPPRESSED if address_digest in batch.suppressed else None)


def _refusal(consent_states: ConsentStates, asked: _Asked) -> str | None:
    """Return why this purpose is not granted, or None. Unsubscribed wins over any file."""
    held = consent_states.get((asked.purpose, asked.topic_id))
    if held and held.allowed:
        return ALREADY
    everything = consent_states.get((MARKETING, ALL_TOPICS))
    if (held and held.state in (*SAID_NO, "refused")) or (everything and everything.state in SAID_NO):
        # Who left everything and later came back to one topic is asked anew about any other.
        return SAID_NO_HERE
    return None
