"""How is a file's way shown: how far, what came of it, and the first rows given back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.customers.imports import steps
from app.customers.imports.refused import REASONS
from app.customers.models import Import
from app.customers.words import N_

FIRST = 10
_OUTCOMES = {
    "created": N_("new"),
    "updated": N_("changed"),
    "unchanged": N_("as they were"),
    "repeated": N_("rows joined with another row of the same person"),
    "refused": N_("rows given back"),
    "people_created": N_("people added with their purchases"),
}
_CONSENT = {
    "said_yes": N_("rows with proof of consent (when, how, which words)"),
    "claimed_only": N_("rows that say yes without proof: they grant nothing"),
    "said_no": N_("rows that say no"),
    "consent_granted": N_("people who may be mailed on this proof"),
    "consent_already_known": N_("people whose permission was on record already"),
    "consent_said_no_here": N_("people who said no here before: that stays"),
    "consent_suppressed": N_("addresses that are never to be mailed"),
    "consent_other_address": N_("rows whose proof is of another address than the person has now"),
    "consent_unknown_topic": N_("rows that name a topic we do not have"),
    "consent_without_evidence": N_("rows whose proof is not enough"),
    "consent_no_recorded": N_("people whose no is now on record: no file can bring them back"),
    "consent_withdrawn": N_("permissions ended, because the file says no"),
}


@dataclass(frozen=True)
class Progress:
    """What `ui.progress` draws."""

    url: str
    done: int
    total: int
    sentence: str
    is_finished: bool
    rate: str | None = None
    left: str | None = None
    errors: list[tuple[str, int]] | None = None
    tone: str | None = None


@dataclass(frozen=True)
class Tally:
    """What came, or would come, of the rows: (outcome, number, sentence)."""

    rows: list[tuple[str, int, str]]
    consent: list[tuple[str, int, str]]
    taken: int
    refused: int


def of(found: Import) -> Progress | None:
    """Return how far the rehearsal or the run is; None when neither is under way."""
    if found.state not in ("checking", "running"):
        return None
    is_rehearsal = found.state == "checking"
    done = (found.rehearsal.get("bytes_done", 0) if is_rehearsal else found.bytes_done) // 1024
    counts = found.rehearsal.get("counts", {}) if is_rehearsal else found.counts
    refused = counts.get("refused", 0)
    return Progress(
        url=f"/customers/imports/{found.id}/progress",
        done=done,
        total=max(found.size_bytes // 1024, done, 1),
        sentence=_("Looking through the file (in KB)") if is_rehearsal else _("Taking the file over (in KB)"),
        is_finished=False,
        errors=[(_("rows given back"), refused)] if refused else None,
    )


def tally(found: Import) -> Tally:
    """Return the counts of the run, or of the rehearsal before there is one."""
    counts = found.counts if found.state in ("running", "done") else found.rehearsal.get("counts", {})
    return Tally(
        rows=_said(_OUTCOMES, counts),
        consent=_said(_CONSENT, counts),
        taken=sum(counts.get(name, 0) for name in ("created", "updated", "unchanged")),
        refused=counts.get("refused", 0),
    )


def first_errors(session: Session, found: Import) -> list[tuple[int, str]]:
    """Return (row, sentence) of the first rows given back."""
    if found.state in ("running", "done"):
        kept = steps.list_refused(session, found, limit=FIRST)
        return [(row.row, say(row.reason, row.detail)) for row in kept]
    return [(row["row"], say(row["reason"], row["detail"])) for row in found.rehearsal.get("errors", [])]


def say(reason: str, detail: str) -> str:
    """Return why a row is given back, in words."""
    return str(_(REASONS[reason], detail=detail))


def _said(words: dict[str, str], counts: dict[str, Any]) -> list[tuple[str, int, str]]:
    return [(name, counts[name], _(sentence)) for name, sentence in words.items() if counts.get(name)]
