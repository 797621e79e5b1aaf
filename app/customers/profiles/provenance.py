"""Provenance of a customer's values: who told each, when it was observed, and how far it can be trusted.

Kept in one compact column per customer, `{"*": [import, at, nature, row], "city": ["staff:3", 1767225600]}`: a mark by
name of value. A mark is who (a number names an imported file, a text a source), the second it was observed, its
nature (a sum of EXTERNAL, INFERRED and IMPLIED; nothing of them is 0), the row of the file, and how sure it is in
percent; what is usual for the source is left out at the end. `*` stands for every value without a mark of its own,
so a person imported once costs a few bytes.

Which of two tellings holds (`beats`): what we observed ourselves before what others did, before what was inferred;
of the same standing the newer. What has expired holds against nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.imports.models import Import

EVERYTHING = "*"
EXTERNAL, INFERRED, IMPLIED = 1, 2, 4
STANDING = EXTERNAL | INFERRED
# So long values that are not our own observation are believed.
EXTERNAL_DAYS, INFERRED_DAYS = 730, 365
# What nobody has to be told anew: a value said again the same day.
_AGAIN = 86_400
# How sure a value is, in percent, where the telling does not say.
CERTAINTY = {"form": 100, "preferences": 100, "shop": 95, "staff": 90, "api": 90, "file": 90, "browser": 50}
_EXTERNAL_CERTAINTY, _INFERRED_CERTAINTY = 60, 50
# What a browser says of itself is implied of its owner.
_NATURES = {"browser": IMPLIED}


@dataclass(frozen=True)
class Telling:
    """Who tells values, when they were observed, and of what nature they are: own and observed unless it is said."""

    who: str | int
    at: datetime
    nature: int = 0
    certainty: int | None = None
    # It says itself when it was observed; the others are as new as they arrive.
    is_dated: bool = False

    def mark(self, row: int | None = None) -> list[Any]:
        """Return the mark of a value told so."""
        parts: list[Any] = [self.who, int(self.at.timestamp()), self.nature, row, self.certainty]
        while len(parts) > 2 and not parts[-1]:
            parts.pop()
        return parts


@dataclass(frozen=True)
class Origin:
    """Where one value comes from. `kind` is file, or what stands before the colon of the source (staff, form, api)."""

    kind: str
    name: str
    row: int | None
    at: datetime
    nature: int
    certainty: int

    @property
    def is_own(self) -> bool:
        """Say whether we have it from the person, our own shop or our own people."""
        return not self.nature & EXTERNAL

    @property
    def is_observed(self) -> bool:
        """Say whether somebody saw or was told it; the others were concluded."""
        return not self.nature & INFERRED

    @property
    def is_measured(self) -> bool:
        """Say whether it is the thing itself that was recorded, and not a sign of it."""
        return not self.nature & IMPLIED


def telling(source: str | Telling, *, now: datetime) -> Telling:
    """Return what a source such as `staff:3`, `form:news` or `api:7` says now."""
    if isinstance(source, Telling):
        return source
    return Telling(source, now, _NATURES.get(source.partition(":")[0], 0))


def told(source: str | Telling, *, now: datetime) -> list[Any]:
    """Return the mark of a value told by this source."""
    return telling(source, now=now).mark()


def mark(known: dict[str, Any], names: Iterable[str], origin: list[Any]) -> dict[str, Any]:
    """Return the provenance after these values were set by this origin. A new person's first origin covers all."""
    if not known:
        return {EVERYTHING: origin}
    return {**known, **dict.fromkeys(names, origin)}


def of_value(known: Mapping[str, Any], name: str, *, has_value: bool) -> list[Any] | None:
    """Return the mark of one value; None for an empty one that nobody said is empty."""
    found: list[Any] | None = known.get(name) or (known.get(EVERYTHING) if has_value else None)
    return found


def beats(new: list[Any], current: list[Any] | None, *, now: datetime) -> bool:
    """Say whether a value with this mark takes the place of the current one."""
    return current is None or rank(new) <= rank(current) or has_expired(current, now=now)


def renews(said: Telling, current: list[Any] | None, *, now: datetime) -> bool:
    """Say whether the same value told again is known better or later now; not for every word of the same day.

    Who says when they saw that there is nothing is remembered: what others saw before does not come back.
    """
    new = said.mark()
    if current is None:
        return said.is_dated
    if not beats(new, current, now=now) or new == current:
        return False
    is_better = new_nature(new) < new_nature(current) or said.is_dated
    return is_better or int(new[1]) - int(current[1]) >= _AGAIN


def rank(found: list[Any]) -> tuple[int, int]:
    """Return what tellings are compared by, the best first."""
    return new_nature(found), -int(found[1])


def new_nature(found: list[Any]) -> int:
    """Return how far a mark stands behind own observation: 0 own, 1 external, 2 inferred, 3 both."""
    return (found[2] if len(found) > 2 and found[2] else 0) & STANDING


def has_expired(found: list[Any], *, now: datetime) -> bool:
    """Say whether a value with this mark is too old to be believed; own observation never is."""
    nature = new_nature(found)
    if not nature:
        return False
    days = INFERRED_DAYS if nature & INFERRED else EXTERNAL_DAYS
    return datetime.fromtimestamp(found[1], UTC) < now - timedelta(days=days)


def explain(session: Session, workspace_id: int, provenance: dict[str, Any], names: list[str]) -> dict[str, Origin]:
    """Return for each named value where it comes from, as far as it is known."""
    marks = {name: provenance.get(name) or provenance.get(EVERYTHING) for name in names}
    return origins(session, workspace_id, marks)


def origins(session: Session, workspace_id: int, marks: Mapping[Any, list[Any] | None]) -> dict[Any, Origin]:
    """Return what each of these marks says, as far as it is known."""
    files = _imports(session, workspace_id, {m[0] for m in marks.values() if m and isinstance(m[0], int)})
    return {name: _origin(found, files) for name, found in marks.items() if found}


def matrix(found: Iterable[Origin | None]) -> dict[tuple[bool, bool], int]:
    """Return how many values are observed or inferred, and measured or implied: the two by two of Schultz."""
    counts = {(observed, measured): 0 for observed in (True, False) for measured in (True, False)}
    for origin in found:
        if origin is not None:
            counts[origin.is_observed, origin.is_measured] += 1
    return counts


def _imports(session: Session, workspace_id: int, ids: set[int]) -> dict[int, Import]:
    if not ids:
        return {}
    query = select(Import).where(Import.workspace_id == workspace_id, Import.id.in_(ids))
    return {found.id: found for found in session.scalars(query)}


def _origin(found: list[Any], files: dict[int, Import]) -> Origin:
    who, at, nature, row, certainty = [*found, None, None, None][:5]
    if isinstance(who, int):
        kind, name = "file", files[who].file_name if who in files else f"#{who}"
        certainty = certainty or (files[who].certainty if who in files else None)
    else:
        kind, _, name = who.partition(":")
    return Origin(
        kind=kind,
        name=name,
        row=row,
        at=datetime.fromtimestamp(at, UTC),
        nature=nature or 0,
        certainty=certainty or _usual_certainty(kind, nature or 0),
    )


def _usual_certainty(kind: str, nature: int) -> int:
    usual = CERTAINTY.get(kind, 80)
    if nature & INFERRED:
        return min(usual, _INFERRED_CERTAINTY)
    return min(usual, _EXTERNAL_CERTAINTY) if nature & EXTERNAL else usual
