"""Consent texts of imported files, each stored once, many in a few statements."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.consent.ledger.evidence import Wording
from app.consent.texts import consent_texts

# Somebody else may store texts at the same time and take the version numbers we saw free.
TRIES = 20

_FIND = text(
    "SELECT id, kind, version, language, sha256 FROM consent_texts"
    " WHERE workspace_id = :workspace_id AND kind = :kind AND language = :language"
    " AND sha256 = ANY(CAST(:digests AS text[]))"
)
_STORE = text("""
    INSERT INTO consent_texts (workspace_id, kind, version, language, text, sha256, created_at)
    SELECT :workspace_id, :kind, newest.version + row_number() OVER (ORDER BY fresh.place), :language, fresh.text,
        fresh.sha256, :now
    FROM unnest(CAST(:texts AS text[]), CAST(:digests AS text[])) WITH ORDINALITY AS fresh(text, sha256, place),
        (SELECT coalesce(max(version), 0) AS version FROM consent_texts
         WHERE workspace_id = :workspace_id AND kind = :kind AND language = :language) AS newest
    ON CONFLICT DO NOTHING
""")


def store(
    session: Session, workspace_id: int, texts: Iterable[str], *, language: str, now: datetime
) -> dict[str, Wording]:
    """Return the reference of each of these texts, kept without outer spaces; those not met before are stored."""
    digests = {words: sha256(words.encode()).hexdigest() for words in dict.fromkeys(map(str.strip, texts)) if words}
    found = _find(session, workspace_id, digests, language)
    for _ in range(TRIES):
        missing = [words for words in digests if words not in found]
        if not missing:
            break
        values = {"texts": missing, "digests": [digests[words] for words in missing], "now": now}
        session.execute(_STORE, {**_named(workspace_id, language), **values})
        found = _find(session, workspace_id, digests, language)
    return found


def _find(session: Session, workspace_id: int, digests: dict[str, str], language: str) -> dict[str, Wording]:
    if not digests:
        return {}
    rows = session.execute(_FIND, {**_named(workspace_id, language), "digests": list(digests.values())})
    by_digest = {row.sha256: Wording(row.id, row.kind, row.version, row.language, row.sha256) for row in rows}
    return {words: by_digest[digest] for words, digest in digests.items() if digest in by_digest}


def _named(workspace_id: int, language: str) -> dict[str, object]:
    return {
        "workspace_id": workspace_id,
        "kind": consent_texts.IMPORTED,
        "language": consent_texts.language_of(language),
    }
