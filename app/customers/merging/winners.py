"""Which of two people's values stays: the one staff chose, else the more trusted, else the newer. Decides only.

Nothing known loses to nothing: an empty value never wins over a filled one. The other stays in the merge's journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.customers.models import Customer
from app.customers.profiles import fields, identity, provenance
from app.customers.profiles.provenance import EVERYTHING, Origin

SURVIVOR, FORMER = "survivor", "former"
NAMES = (*fields.PROFILE, *identity.IDENTITY)
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Choice:
    """One field of two people: what each has, from where, and whose stays."""

    name: str
    survivor: Any
    former: Any
    survivor_origin: Origin | None
    former_origin: Origin | None
    wins: str

    @property
    def differs(self) -> bool:
        """Say whether one of two known values has to give way."""
        return bool(self.survivor) and bool(self.former) and self.survivor != self.former


def compare(
    session: Session, survivor: Customer, former: Customer, chosen: Mapping[str, str] | None = None
) -> list[Choice]:
    """Return every field that either has, with whose value stays; `chosen` is by field, `survivor` or `former`."""
    custom = sorted({*survivor.custom, *former.custom})
    names = [*NAMES, *(f"custom.{key}" for key in custom)]
    own = provenance.explain(session, survivor.workspace_id, survivor.provenance, names)
    other = provenance.explain(session, former.workspace_id, former.provenance, names)
    found = []
    for name in names:
        values = value_of(survivor, name), value_of(former, name)
        if any(value is not None for value in values):
            wins = _winner(values, (own.get(name), other.get(name)), (chosen or {}).get(name))
            found.append(Choice(name, *values, own.get(name), other.get(name), wins))
    return found


def value_of(customer: Customer, name: str) -> Any:
    """Return what is known of this field."""
    return customer.custom.get(name[7:]) if name.startswith("custom.") else getattr(customer, name)


def mark_of(customer: Customer, name: str) -> Any:
    """Return who told this value, as `provenance` keeps it."""
    return customer.provenance.get(name) or customer.provenance.get(EVERYTHING)


def _winner(values: tuple[Any, Any], origins: tuple[Origin | None, Origin | None], chosen: str | None) -> str:
    own, other = values
    if own == other or other is None:
        return SURVIVOR
    if own is None:
        return FORMER
    if chosen in (SURVIVOR, FORMER):
        return chosen
    return FORMER if _trust(origins[1]) > _trust(origins[0]) else SURVIVOR


def _trust(origin: Origin | None) -> tuple[bool, bool, datetime]:
    """What we observed ourselves before what others did, before what was inferred; of the same standing the newer."""
    return (origin.is_observed, origin.is_own, origin.at) if origin else (False, False, _LONG_AGO)
