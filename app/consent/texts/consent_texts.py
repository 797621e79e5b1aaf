"""Consent texts: versions of the exact words people agree to, stored as shown and never changed."""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.consent.ledger.evidence import Wording
from app.consent.ledger.record import FrequencyPromise
from app.consent.models import ConsentText
from app.consent.texts import wording
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

# Wordings that came with imported consent: one kind, each text a version.
IMPORTED = "imported"


class ConsentTextEmpty(Refusal):
    """Nobody can agree to an empty text."""

    status = 422
    message = N_("Write the wording people will read before they say yes.")


@dataclass(frozen=True, slots=True)
class ConsentTextInfo:
    """One stored wording."""

    id: int
    kind: str
    version: int
    language: str
    text: str
    sha256: str
    created_at: datetime

    @property
    def wording(self) -> Wording:
        """Return the reference that a ledger record carries."""
        return Wording(self.id, self.kind, self.version, self.language, self.sha256)

    def shown(self, *, sender: str, topic: str = "", promise: FrequencyPromise | None = None) -> "Shown":
        """Return the wording as a person reads it here, and the reference that can bring back those very words."""
        filled = {"sender": sender} | ({"topic": topic} if topic else {})
        text = wording.fill(self.text, language=self.language, sender=sender, topic=topic, promise=promise)
        return Shown(text, replace(self.wording, filled=filled))


@dataclass(frozen=True, slots=True)
class Shown:
    """The exact words on the page, and what a ledger record keeps of them."""

    text: str
    wording: Wording


def create(
    session: Session, workspace_id: int, *, kind: str, language: str, text: str, now: datetime
) -> ConsentTextInfo:
    """Store the next version of a wording; the same text as the current one is not a new version."""
    if not text.strip():
        raise ConsentTextEmpty(field="text")
    latest = _latest(session, workspace_id, kind, language)
    if latest and latest.text == text:
        return _info(latest)
    row = ConsentText(
        workspace_id=workspace_id,
        kind=kind,
        version=(latest.version if latest else 0) + 1,
        language=language,
        text=text,
        sha256=sha256(text.encode()).hexdigest(),
        created_at=now,
    )
    session.add(row)
    session.flush()
    return _info(row)


def current(
    session: Session, workspace_id: int, kind: str, language: str, *, now: datetime, keep: bool = True
) -> ConsentTextInfo:
    """Return the wording in force in this language; a default one is stored first, unless a page only shows it."""
    language = language_of(language)
    row = _latest(session, workspace_id, kind, language)
    if row:
        return _info(row)
    text = wording.DEFAULTS[kind, language]
    if not keep:
        return ConsentTextInfo(0, kind, 1, language, text, sha256(text.encode()).hexdigest(), now)
    return create(session, workspace_id, kind=kind, language=language, text=text, now=now)


def find_text(
    session: Session, workspace_id: int, *, kind: str, language: str, text: str, now: datetime
) -> ConsentTextInfo:
    """Return the stored wording with exactly this text, storing it as a new version when it is new."""
    digest = sha256(text.encode()).hexdigest()
    row = session.scalars(
        select(ConsentText)
        .where(
            ConsentText.workspace_id == workspace_id,
            ConsentText.sha256 == digest,
            ConsentText.kind == kind,
            ConsentText.language == language,
        )
        .limit(1)
    ).first()
    return _info(row) if row else create(session, workspace_id, kind=kind, language=language, text=text, now=now)


def get(session: Session, workspace_id: int, consent_text_id: int) -> ConsentTextInfo:
    """Return one version; raise NotFound."""
    row = keyed_rows.get(session, ConsentText, workspace_id, consent_text_id)
    return _info(row)


def history(session: Session, workspace_id: int, *, limit: int = 200) -> list[ConsentTextInfo]:
    """Return all wordings, newest versions first within their kind and language; imported texts come last."""
    rows = session.scalars(
        select(ConsentText)
        .where(ConsentText.workspace_id == workspace_id)
        .order_by(ConsentText.kind == IMPORTED, ConsentText.kind, ConsentText.language, ConsentText.version.desc())
        .limit(limit)
    )
    return [_info(row) for row in rows]


def language_of(tag: str | None) -> str:
    """Return the language we have wordings in that is nearest to this tag."""
    return "zh" if (tag or "").lower().startswith("zh") else "en"


def _latest(session: Session, workspace_id: int, kind: str, language: str) -> ConsentText | None:
    newest = select(func.max(ConsentText.version)).where(
        ConsentText.workspace_id == workspace_id, ConsentText.kind == kind, ConsentText.language == language
    )
    return session.scalar(
        select(ConsentText).where(
            ConsentText.workspace_id == workspace_id,
            ConsentText.kind == kind,
            ConsentText.language == language,
            ConsentText.version == newest.scalar_subquery(),
        )
    )


def _info(row: ConsentText) -> ConsentTextInfo:
    return ConsentTextInfo(row.id, row.kind, row.version, row.language, row.text, row.sha256, row.created_at)
