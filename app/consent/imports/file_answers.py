"""Judges and records what imported files say about people's answers: the keeper of permission that wiring installs."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.consent import topics
from app.consent.imports import consents, refusals, retraction
from app.consent.imports.consents import Claim, ImportTerms, Outcome
from app.consent.imports.refusals import Refusal
from app.consent.ledger.evidence import Evidence
from app.consent.purposes import MARKETING
from app.customers.imports.evidence import Addresses, EvidenceRow, Foreseen, ImportRef, PermissionKeeper, Terms
from app.customers.imports.models import Import
from app.customers.imports.undoing.piece import Piece

# What the reasons of consent are called among an import's counts.
_COUNTED_AS: dict[str, str] = {
    consents.ALREADY: "already_known",
    consents.SAID_NO_HERE: "said_no_here",
    consents.SUPPRESSED: "suppressed",
    consents.NO_TOPIC: "unknown_topic",
    consents.OTHER_ADDRESS: "other_address",
}
_WITHOUT_EVIDENCE = "without_evidence"


class LedgerKeeper(PermissionKeeper):
    """Keeps permission in the ledger of consent."""

    def lock_answers(self, session: Session, workspace_id: int) -> None:
        """Wait until no other transaction writes answers of this workspace."""
        consents.lock_answers(session, workspace_id)

    def list_topics(self, session: Session, workspace_id: int) -> list[tuple[str, str]]:
        """Return (key, name) of the topics people can join."""
        return [(topic.key, topic.name) for topic in topics.list_active(session, workspace_id)]

    def prepare(self, session: Session, workspace_id: int, terms: set[Terms], *, now: datetime) -> None:
        """Store the texts that many rows of a file name."""
        texts = {said.wording for said in terms if said.method and said.wording}
        language = workspaces.get(session, workspace_id).language
        consents.prepare(session, workspace_id, texts, language=language, now=now)

    def record(
        self, session: Session, workspace_id: int, import_ref: ImportRef, rows: list[EvidenceRow], *, now: datetime
    ) -> dict[str, int]:
        """Write down what a file says about people's answers; return how many rows came to what."""
        # First every no: whoever says both in one file has said no.
        said_no = _record_refusals(session, workspace_id, import_ref, rows, now)
        claims = _claims(session, workspace_id, rows)
        outcomes = consents.record_many(
            session,
            workspace_id,
            f"import {import_ref.import_id}, {import_ref.file_name}",
            claims,
            now,
            file_sha256=import_ref.file_sha256,
            staff_id=import_ref.staff_id or 0,
        )
        counts = Counter(filter(None, map(_came_to, outcomes)))
        counts["granted"] = len(_mailable(claims, outcomes))
        counts["no_recorded"], counts["withdrawn"] = said_no
        return {name: number for name, number in counts.items() if number}

    def retract(self, session: Session, found: Import, *, after: int, now: datetime) -> Piece:
        """Correct what an undone import had brought."""
        since, until = found.started_at or found.created_at, found.finished_at or now
        brought = retraction.Brought(f"import {found.id}, ", since, until)
        return retraction.retract(session, found.workspace_id, brought, after=after, now=now)

    def foresee(
        self, session: Session, workspace_id: int, rows: list[EvidenceRow], addresses: Addresses, *, now: datetime
    ) -> Foreseen:
        """Return what a file would come to."""
        refusing, leaving = refusals.foresee(session, workspace_id, _said_no(rows))
        claims = _claims(session, workspace_id, rows)
        outcomes = consents.foresee(session, workspace_id, claims, addresses=addresses, now=now)
        reasons: Counter[str] = Counter()
        mailable = set()
        for claim, outcome in zip(claims, outcomes, strict=True):
            if outcome.granted and claim.customer_id in refusing:
                reasons["said_no_here"] += 1
            elif outcome.becomes_mailable:
                mailable.add(claim.customer_id)
            elif reason := _came_to(outcome):
                reasons[reason] += 1
        return Foreseen(mailable, refusing, leaving, dict(reasons))


def _claims(session: Session, workspace_id: int, rows: list[EvidenceRow]) -> list[Claim]:
    """Return what consent is to judge: every yes, with the topic it names by its name or key."""
    known = topics.list_active(session, workspace_id)
    by_word = {word.casefold(): topic.key for topic in known for word in (topic.name, topic.key)}
    language = workspaces.get(session, workspace_id).language
    terms = {
        said: ImportTerms(
            method=said.method,
            topic=by_word.get(said.topic.casefold(), said.topic),
            purposes=said.purposes or (MARKETING,),
            wording=said.wording,
            language=language,
            page=said.page,
            stated=said.stated,
        )
        for said in {row.terms for row in rows}
    }
    # Of whoever said no in the same file something is on record now.
    said_no = {row.customer_id for row in rows if not row.is_yes}
    return [
        Claim(
            *(row.customer_id, row.row, row.email, row.address_digest, row.at, terms[row.terms], row.ip),
            is_added=row.is_added and row.customer_id not in said_no,
        )
        for row in rows
        if row.is_yes
    ]


def _mailable(claims: list[Claim], outcomes: list[Outcome]) -> set[int]:
    found = zip(claims, outcomes, strict=True)
    return {claim.customer_id for claim, outcome in found if outcome.becomes_mailable}


def _came_to(outcome: Outcome) -> str | None:
    if outcome.granted:
        return None if outcome.becomes_mailable else "added"
    return _COUNTED_AS.get(outcome.reasons[0], _WITHOUT_EVIDENCE)


def _record_refusals(
    session: Session, workspace_id: int, import_ref: ImportRef, rows: list[EvidenceRow], now: datetime
) -> refusals.Outcome:
    """Write down every no of the file."""
    proof = Evidence(
        method="import",
        actor="import",
        actor_id=import_ref.staff_id or 0,
        file_sha256=import_ref.file_sha256,
        note=f"import {import_ref.import_id}, {import_ref.file_name}",
    )
    return refusals.record_many(session, workspace_id, _said_no(rows), evidence=proof, now=now)


def _said_no(rows: list[EvidenceRow]) -> list[Refusal]:
    return [
        Refusal(row.customer_id, row.row, row.email, row.address_digest, row.terms.purposes)
        for row in rows
        if not row.is_yes
    ]
