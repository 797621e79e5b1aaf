"""Joins and parts people's answers in the ledger and on the suppression list when their records are merged.

What holds afterwards is written by records of their own: the ledger is only added to, and says by which record of whom
each answer stands. The records of before stay with the number they were written for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.consent import permission, suppression, topics
from app.consent.ledger import fold, ledger
from app.consent.ledger.evidence import Evidence
from app.consent.ledger.fold import ConsentStates, Key
from app.consent.ledger.record import Entry
from app.consent.merging import stricter
from app.consent.models import ConsentStateRow, Suppression
from app.consent.purposes import MARKETING, Event
from app.consent.words import PURPOSES
from app.customers.addresses import queries
from app.customers.merging import aliases, journal
from app.customers.merging.journal import Merging
from app.customers.merging.merge import Foreseen
from app.kernel import database

# Reasons that are the person's, or the company's about the person, and not the mailbox's.
_OF_THE_PERSON = (suppression.COMPLAINED, suppression.OBJECTED, suppression.ERASED, suppression.MANUAL)
# A no to mail at one address of a person is one at each, whoever of the two had it.
_SPREAD = """
    INSERT INTO suppressions (workspace_id, address_digest, reason, source, at)
    SELECT :w, own.digest, said.reason, 'merge', :now
    FROM unnest(CAST(:digests AS bytea[])) AS own(digest) CROSS JOIN (
        SELECT reason FROM suppressions WHERE workspace_id = :w AND address_digest = ANY(CAST(:digests AS bytea[]))
            AND reason = ANY(CAST(:reasons AS text[])) ORDER BY at LIMIT 1) said
    ON CONFLICT DO NOTHING
"""
# Consent speaks for the addresses it names; another one waits for its owner, as whenever the primary one changes.
_QUESTION = """
    INSERT INTO suppressions (workspace_id, address_digest, reason, source, at)
    SELECT :w, CAST(:present AS bytea), 'unconfirmed', 'merge', :now
    WHERE EXISTS (SELECT FROM consent_state held WHERE held.workspace_id = :w AND held.customer_id = :survivor)
    AND NOT EXISTS (
        SELECT FROM consent_ledger said WHERE said.workspace_id = :w AND said.customer_id = ANY(CAST(:ids AS bigint[]))
            AND said.event IN ('given', 'imported', 'confirmed', 'renewed')
            AND CAST(said.record AS jsonb) ->> 'address_digest' = encode(CAST(:present AS bytea), 'hex'))
    ON CONFLICT DO NOTHING
"""


class LedgerJoiner:
    """Lets the stricter answer hold for both."""

    def hold(self, session: Session, workspace_id: int) -> None:
        """Keep others from recording answers until the transaction ends."""
        ledger.hold(session, workspace_id)

    def prefers_former(self, session: Session, workspace_id: int, survivor_id: int, former_id: int) -> bool:
        """Say whether mail goes to the former one's address by permission, and to the survivor's by none."""
        own, other = (
            any(row.allowed and row.purpose == MARKETING for row in permission.state_of(session, workspace_id, each))
            for each in (survivor_id, former_id)
        )
        return other and not own

    def silence(self, session: Session, workspace_id: int, customer_id: int, *, now: datetime) -> list[bytes]:
        """Let no mail go to this person's emails; return the hashes of those that it could have gone to."""
        return [
            digest
            for digest in queries.living_email_digests(session, workspace_id, customer_id)
            if suppression.add(
                *(session, workspace_id), address_digest=digest, reason=suppression.ERASED, source="erasure", now=now
            )
        ]

    def end_silence(self, session: Session, workspace_id: int, digests: Sequence[bytes]) -> None:
        """Let these emails be as they were before."""
        suppression.end_silence(session, workspace_id, digests)

    def foresee(self, session: Session, workspace_id: int, survivor_id: int, former_id: int) -> list[Foreseen]:
        """Say what each answers and what will hold, by purpose and topic."""
        found = ledger.read_consent_states(database.raw(session), workspace_id, (survivor_id, former_id))
        own, other = found.get(survivor_id, {}), found.get(former_id, {})
        joined = stricter.join(own, other)
        named = topics.named(session, workspace_id, {topic_id for _, topic_id in joined if topic_id})
        return [
            Foreseen(
                named[topic_id].name if topic_id in named else PURPOSES[purpose],
                topic_id not in named,
                *(held.state if (held := stricter.answer(states, (purpose, topic_id))) else None
                  for states in (own, other, joined)),
            )
            for purpose, topic_id in sorted(joined)
        ]  # fmt: skip

    def merge(self, session: Session, merging: Merging) -> None:
        """Let the stricter answer of both hold for the survivor, and none for the former one's number."""
        session.flush()
        own, other = _held(session, merging)
        joined = stricter.join(own, other)
        changed = {key: held for key, held in joined.items() if own.get(key) != held}
        if other:
            entries = [_entry(Event.MERGED, merging.survivor_id, key, held, merging) for key, held in changed.items()]
            entries += [_entry(Event.MERGED, merging.former_id, key, None, merging) for key in other]
            ledger.append_many(session, merging.workspace_id, _keyed(session, merging, entries), now=merging.now)
            after = _held(session, merging)[0]
            journal.note(
                session, merging, ConsentStateRow,
                {"survivor": _spelled(own), "former": _spelled(other)}, {"survivor": _spelled(after)},
            )  # fmt: skip
        agreed = any(key[0] == MARKETING and held.allowed for key, held in own.items())
        _suppress(session, merging, is_asked_anew=merging.takes_email or not agreed)

    def undo(self, session: Session, merging: Merging) -> None:
        """Give both the answers they had; what the survivor has said since stays, and a no of it holds for both."""
        for noted in journal.noted(session, merging.workspace_id, merging.merge_id, ConsentStateRow):
            before, after = noted.before or {}, noted.after or {}
            now = _held(session, merging)[0]
            own, other = _read(before["survivor"]), _read(before["former"])
            joined = _read(after["survivor"])
            for key in sorted(now.keys() | joined.keys()):
                if now.get(key) == joined.get(key):
                    continue
                if key not in now:
                    # Taken back since, with the file it came by.
                    own.pop(key, None)
                    continue
                own[key] = now[key]
                if stricter.is_no(now[key]) and not stricter.is_no(stricter.answer(other, key)):
                    other[key] = now[key]
            wanted = {merging.survivor_id: own, merging.former_id: other}
            held = {merging.survivor_id: now, merging.former_id: _held(session, merging)[1]}
            entries = [
                _entry(Event.UNMERGED, who, key, states.get(key), merging)
                for who, states in wanted.items()
                for key in sorted(states.keys() | held[who].keys())
                if states.get(key) != held[who].get(key)
            ]
            ledger.append_many(session, merging.workspace_id, _keyed(session, merging, entries), now=merging.now)


def _suppress(session: Session, merging: Merging, *, is_asked_anew: bool) -> None:
    """Let a no at one address hold at all; `is_asked_anew`: the survivor's own answers were for another primary one."""
    digests = queries.living_email_digests(session, merging.workspace_id, merging.survivor_id)
    table, reasons = Suppression, list(_OF_THE_PERSON)
    journal.add(session, merging, table, _SPREAD, digests=digests, reasons=reasons)
    present = session.scalar(select(suppression.digest_query(merging.workspace_id, merging.survivor_id)))
    if present and is_asked_anew:
        ids = aliases.all_ids(session, merging.workspace_id, merging.survivor_id)
        journal.add(session, merging, table, _QUESTION, present=present, ids=ids)


def _held(session: Session, merging: Merging) -> tuple[ConsentStates, ConsentStates]:
    both = (merging.survivor_id, merging.former_id)
    found = ledger.read_consent_states(database.raw(session), merging.workspace_id, both)
    return found.get(merging.survivor_id, {}), found.get(merging.former_id, {})


def _entry(
    event: Event, customer_id: int, key: Key, held: fold.ConsentState | None, merging: Merging
) -> Entry:
    evidence = Evidence(
        method="merge", actor="system", note=f"customer {merging.former_id} and customer {merging.survivor_id}"
    )
    standing = fold.describe(held) if held else None
    basis = held.basis if held else "consent"
    return Entry(event, customer_id, key[0], evidence, key[1], basis=basis, standing=standing)


def _keyed(session: Session, merging: Merging, entries: list[Entry]) -> list[Entry]:
    """Return the records with the keys of their topics."""
    keys = {topic.id: topic.key for topic in topics.list_all(session, merging.workspace_id)} if entries else {}
    return [entry._replace(topic_key=keys.get(entry.topic_id)) for entry in entries]


def _spelled(states: ConsentStates) -> list[dict[str, Any]]:
    return [{"purpose": key[0], "topic_id": key[1], **held._asdict()} for key, held in sorted(states.items())]


def _read(spelled: list[dict[str, Any]]) -> ConsentStates:
    names = fold.ConsentState._fields
    return {
        (each["purpose"], each["topic_id"]): fold.ConsentState(**{name: each[name] for name in names})
        for each in spelled
    }
