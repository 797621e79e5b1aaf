"""Values of an import's page: its progress, its counts, and the first rejected rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.customers.imports import steps
from app.customers.imports.models import Import
from app.customers.imports.refused import REASONS
from app.customers.words import LABELS
from app.kernel.translatable import N_

FIRST = 10
FIRST_REPEATS = 20
_OUTCOMES = {
    "created": N_("new"),
    "updated": N_("changed"),
    "unchanged": N_("as they were"),
    "repeated": N_("further rows of somebody or something the file names before"),
    "joined": N_("further rows of an order the file names before"),
    "refused": N_("rows rejected"),
    "people_created": N_("people added with their purchases"),
}
_CONSENT = {
    "said_yes": N_("rows with proof of consent (when, how, which words)"),
    "claimed_only": N_("rows that say yes without proof: they grant nothing"),
    "said_no": N_("rows that say no"),
    "consent_granted": N_("people become mailable"),
    "consent_added": N_("further permissions of people who were mailable, or for tracking and profiling"),
    "consent_already_known": N_("people whose permission was on record already"),
    "consent_said_no_here": N_("people who said no here before: that stays"),
    "consent_suppressed": N_("suppressed addresses"),
    "consent_other_address": N_("rows whose proof is of another address than the person has now"),
    "consent_unknown_topic": N_("rows that name a topic we do not have"),
    "consent_without_evidence": N_("rows whose proof is not enough"),
    "consent_no_recorded": N_("people whose no is now on record: no file can bring them back"),
    "consent_withdrawn": N_("consents ended, because the file says no"),
}


_UNDONE = {
    "removed": N_("people it had added are deleted"),
    "orders_removed": N_("orders it had added are deleted"),
    "products_removed": N_("products it had added are deleted"),
    "items_removed": N_("owned items it had added are deleted"),
    "activities_removed": N_("activities it had added are deleted"),
    "relations_removed": N_("relations, memberships and members of households it had added are ended"),
    "organisations_removed": N_("organisations it had added are deleted"),
    "suppressions_removed": N_("addresses it had suppressed are off the list"),
    "restored": N_("changed rows have their former values again"),
    "consents_corrected": N_("consents it had brought have ended; the consent log says so"),
    "kept_changed": N_("rows stay, because something in them was changed since"),
    "kept_suppressions": N_("addresses stay suppressed, because others say so too"),
    "kept_used": N_("people stay, because they have been mailed, have orders or consents, or are on a journey"),
    "kept_answers": N_("consents have been answered anew since: the later answer stays"),
    "kept_refusals": N_("refusals stay on record: a no is never undone"),
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
    mailable: int
    claimed: int


def of(found: Import) -> Progress | None:
    """Return how far the rehearsal or the run is; None when neither is under way."""
    if found.state == "undoing" and not found.failure:
        return _undo(found)
    if found.state not in ("checking", "running"):
        return None
    is_rehearsal = found.state == "checking"
    done = (found.rehearsal.get("bytes_done", 0) if is_rehearsal else found.bytes_done) // 1024
    counts = found.rehearsal.get("counts", {}) if is_rehearsal else found.counts
    refused = counts.get("refused", 0)
    return Progress(
        url=url_for("customers.show_progress", import_id=found.id),
        done=done,
        total=max(found.size_bytes // 1024, done, 1),
        sentence=_("Checking the file (KB)") if is_rehearsal else _("Importing (in KB)"),
        is_finished=False,
        errors=[(_("rows rejected"), refused)] if refused else None,
    )


def _undo(found: Import) -> Progress:
    total = sum(found.counts.get(name, 0) for name in ("created", "updated", "people_created", "said_yes"))
    done = sum(found.undo.get("counts", {}).values())
    return Progress(
        url=url_for("customers.show_progress", import_id=found.id),
        done=done,
        total=max(total, done, 1),
        sentence=_("Undoing the import"),
        is_finished=False,
    )


def undone(found: Import) -> list[tuple[str, int, str]]:
    """Return what came of the undo: (outcome, number, sentence)."""
    return _said(_UNDONE, found.undo.get("counts", {})) if found.state == "undone" else []


def tally(found: Import) -> Tally:
    """Return the counts of the run, or of the rehearsal before there is one."""
    counts = found.counts if found.state in steps.RUN else found.rehearsal.get("counts", {})
    return Tally(
        rows=_said(_OUTCOMES, counts),
        consent=_said(_CONSENT, counts),
        taken=sum(counts.get(name, 0) for name in ("created", "updated", "unchanged")),
        refused=counts.get("refused", 0),
        mailable=counts.get("consent_granted", 0),
        claimed=counts.get("claimed_only", 0),
    )


def first_errors(session: Session, found: Import) -> list[tuple[int, str]]:
    """Return (row, sentence) of the first rows given back."""
    if found.state in steps.RUN:
        kept = steps.list_refused(session, found, limit=FIRST)
        return [(found.line(row.row), say(row.reason, row.detail, heading(found, row.place))) for row in kept]
    rows = found.rehearsal.get("errors", [])
    return [
        (found.line(row["row"]), say(row["reason"], row["detail"], heading(found, row.get("place")))) for row in rows
    ]


def repeats(found: Import) -> list[tuple[str, str, str]]:
    """Return (rows, who, what they say differently) of the first rows about somebody whom an earlier row named."""
    kept = found.repeats if found.state in steps.RUN else found.rehearsal.get("repeats", [])
    return [
        (
            _("%(first)s and %(row)s", first=found.line(first), row=found.line(row)),
            who,
            " · ".join(f"{_(LABELS[name])}: {old} → {new}" for name, old, new in differs),
        )
        for row, first, who, differs in kept[:FIRST_REPEATS]
    ]


@dataclass(frozen=True)
class Shown:
    """A row that would be new or changed: whom or what it is about, and (field, before, after) of what it brings."""

    row: int
    who: str
    outcome: str
    values: list[tuple[str, str, str]]


def samples(found: Import, labels: Mapping[str, str]) -> list[Shown]:
    """Return the first rows that would be changed or new."""
    if found.state != "checked":
        return []
    kept = found.rehearsal.get("samples", {})
    return [
        Shown(found.line(row), who, outcome, [_change(name, value, labels) for name, value in values.items()])
        for outcome in ("updated", "created")
        for row, who, values in kept.get(outcome, [])
    ]


def changed_fields(found: Import, labels: Mapping[str, str]) -> list[tuple[str, int]]:
    """Return in how many rows each field of somebody or something known would change, the most first."""
    counts = found.rehearsal.get("changed_fields", {}) if found.state == "checked" else {}
    return [(_label(name, labels), number) for name, number in sorted(counts.items(), key=lambda each: -each[1])]


def stopped(found: Import) -> dict[str, Any] | None:
    """Return where the file was given up, None where it was not."""
    told = found.rehearsal.get("stopped") if found.state in ("checked", "failed") else None
    return {**told, "row": found.line(told["row"])} if told else None


def heading(found: Import, place: int | None) -> str:
    """Return what the column at fault is called in the file."""
    return found.header[place] if place is not None and place < len(found.header) else ""


def say(reason: str, detail: str, column: str = "") -> str:
    """Return why a row is given back, in words."""
    why = str(_(REASONS[reason], detail=detail))
    return str(_("Column “%(column)s”: %(why)s", column=column, why=why)) if column else why


def _label(name: str, labels: Mapping[str, str]) -> str:
    label = labels.get(name) or LABELS.get(name) or name
    return label if name.startswith("custom.") else str(_(label))


def _change(name: str, value: Sequence[Any], labels: Mapping[str, str]) -> tuple[str, str, str]:
    before, after = value
    return _label(name, labels), _text(before), _text(after)


def _text(value: Any) -> str:
    if value is None or value == []:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _said(words: Mapping[str, str], counts: dict[str, Any]) -> list[tuple[str, int, str]]:
    return [(name, counts[name], _(sentence)) for name, sentence in words.items() if counts.get(name)]
