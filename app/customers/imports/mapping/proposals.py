"""What a file is proposed to mean before anybody has decided: as the last one with its headings, else as guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.customers.imports import kinds
from app.customers.imports.mapping import fixes, guessing, presets
from app.customers.imports.mapping.presets import Preset
from app.customers.imports.models import Import
from app.customers.profiles import fields

# From so many rows it is guessed what the columns mean.
SAMPLE_ROWS = 2000


@dataclass(frozen=True)
class Proposal:
    """A mapping with its options, and the former import they are taken from."""

    mapping: dict[str, str]
    options: dict[str, Any]
    preset: Preset | None = None


def make(
    session: Session,
    found: Import,
    rows: Sequence[Sequence[str]],
    *,
    time_zone: str,
    meant: dict[str, str] | None = None,
    uses_presets: bool = True,
) -> Proposal:
    """Return what the columns probably mean, unless `meant` says it, and how the rest is probably to be read."""
    kind = kinds.get(session, found.kind)
    choices = kind.choices(session, found)
    custom = fields.list_custom(session, found.workspace_id) if found.kind == "people" else []
    preset = None
    if not meant and uses_presets:
        preset = presets.find(session, found, {target for target, _ in choices})
    if not meant:
        meant = preset.mapping if preset else guessing.columns(found.header, choices, rows, custom)
    if preset:
        return Proposal(meant, preset.options, preset)
    told = fixes.options_for(meant, rows, custom, delimiter=found.delimiter, time_zone=time_zone)
    return Proposal(meant, told | kind.first_options(session, found.workspace_id, meant, rows))
