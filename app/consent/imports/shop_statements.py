"""Judges and records what connected shops say about people's answers: the recorder of consent that wiring installs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.commerce.connectors.stated_consents import ConsentRecorder, ConsentStatement
from app.consent import actions, permission, topics
from app.consent.imports import consents, refusals
from app.consent.imports.consents import Claim, ImportTerms
from app.consent.imports.refusals import Refusal
from app.consent.ledger import proof
from app.consent.ledger.evidence import Evidence
from app.consent.permission import PermissionRow
from app.consent.purposes import MARKETING
from app.customers.addresses import emails
from app.kernel.translatable import N_, MessageId

AGREED_LATER = N_("The shop says they unsubscribed there; they agreed after that, which stands.")
# What the shop says of the answer is its own; which words it asked with, the workspace states.
_STATED = "topic and wording"


class ShopConsentRecorder(ConsentRecorder):
    """Keeps what shops tell in the ledger of consent, by the rules for proof brought from elsewhere."""

    def lock_answers(self, session: Session, workspace_id: int) -> None:
        """Wait until no other transaction writes answers of this workspace."""
        consents.lock_answers(session, workspace_id)

    def list_topics(self, session: Session, workspace_id: int) -> list[tuple[str, str]]:
        """Return the topics people can join."""
        return [(topic.key, topic.name) for topic in topics.list_active(session, workspace_id)]

    def record(
        self, session: Session, workspace_id: int, statement: ConsentStatement, *, now: datetime
    ) -> list[MessageId]:
        """Write down a yes that is proved, or a no that is newer than any yes; return why nothing was written."""
        workspace = workspaces.get(session, workspace_id)
        if not statement.is_yes and not statement.email:
            return _refuse(session, workspace_id, statement, None, now)
        address = emails.normalise(statement.email)
        digest = emails.digest(address.key, workspace.digest_key)
        if not statement.is_yes:
            return _refuse(session, workspace_id, statement, digest, now)
        claim = Claim(
            customer_id=statement.customer_id,
            row=0,
            address=address.typed,
            address_digest=digest,
            consented_at=statement.at,
            terms=ImportTerms(
                method=statement.method,
                topic=statement.topic,
                wording=statement.wording,
                language=workspace.language,
                stated=_STATED,
            ),
        )
        outcomes = consents.record_many(
            *(session, workspace_id, statement.source, [claim], now),
            file_sha256=statement.body_sha256,
            staff_id=statement.stated_by or 0,
        )
        # A shop repeats with every change of a person that they agreed.
        return [MessageId(reason) for reason in outcomes[0].reasons if reason != consents.ALREADY]


def _refuse(
    session: Session, workspace_id: int, statement: ConsentStatement, digest: bytes | None, now: datetime
) -> list[MessageId]:
    """Shops repeat an old no with every change of a person: it ends no yes that was given afterwards."""
    held = permission.state_of(session, workspace_id, statement.customer_id)
    allowed = [row for row in held if row.purpose == MARKETING and row.allowed]
    ended = [row for row in allowed if not _agreed_after(session, workspace_id, row, statement.at)]
    evidence = Evidence(
        method="shop webhook",
        actor="import",
        file_sha256=statement.body_sha256,
        note=statement.source,
    )
    if len(ended) < len(allowed):
        for row in ended:
            who = (session, workspace_id, statement.customer_id)
            actions.withdraw(*who, purpose=MARKETING, topic_id=row.topic_id, evidence=evidence, now=now)
        return [AGREED_LATER]
    said_no = Refusal(statement.customer_id, 0, statement.email, digest)
    refusals.record_many(session, workspace_id, [said_no], evidence=evidence, now=now)
    return []


def _agreed_after(session: Session, workspace_id: int, row: PermissionRow, refused_at: datetime | None) -> bool:
    """Say whether a yes is newer than a no. One that was brought here is as old as its proof says, however late it
    came; in doubt it is older.
    """
    if refused_at is None:
        return False
    if not row.method.startswith(consents.BROUGHT):
        return row.since > refused_at
    agreed_at = proof.get(session, workspace_id, row.ledger_seq).happened_at
    return bool(agreed_at) and datetime.fromisoformat(agreed_at) > refused_at
