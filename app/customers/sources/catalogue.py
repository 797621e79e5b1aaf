"""The sources of a workspace: adds, changes and retires them, and says what a file of one is like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts import audit
from app.customers import values
from app.customers.imports.models import Import
from app.customers.profiles import codes
from app.customers.profiles.provenance import EXTERNAL, IMPLIED, INFERRED
from app.customers.sources.models import Source
from app.kernel.database import refusing_duplicates
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_, MessageId

MOST_SOURCES = 500
LONGEST_NAME, LONGEST_LICENCE = 100, 500


@dataclass(frozen=True)
class SourceKind:
    """One kind of source, and what is usual of it; each source may say otherwise."""

    label: MessageId
    is_external: bool = False
    is_implied: bool = False


KINDS: Mapping[str, SourceKind] = {
    "own_shop": SourceKind(N_("Own shop")),
    "department": SourceKind(N_("Another department")),
    "event": SourceKind(N_("Event or trade fair")),
    "sweepstake": SourceKind(N_("Sweepstake")),
    "trial": SourceKind(N_("Trial or sample")),
    "hotline": SourceKind(N_("Hotline")),
    "member_card": SourceKind(N_("Member card")),
    "list_firm": SourceKind(N_("List firm"), is_external=True, is_implied=True),
    "directory": SourceKind(N_("Directory"), is_external=True),
    "alliance": SourceKind(N_("Partner or alliance"), is_external=True),
    "other": SourceKind(N_("Other")),
}


class SourceRefused(Refusal):
    """A value of a source cannot be, or its name is taken."""

    status = 422
    message = N_("This source cannot be saved.")


@dataclass(frozen=True)
class SourceDraft:
    """What a source is to be."""

    name: str
    kind: str
    is_external: bool = False
    is_inferred: bool = False
    is_implied: bool = False
    certainty: int | None = None
    cost: Decimal | None = None
    currency: str | None = None
    licence: str = ""
    licence_ends_on: date | None = None


def list_all(session: Session, workspace_id: int) -> list[Source]:
    """Return every source by name, those in use first."""
    query = select(Source).where(Source.workspace_id == workspace_id)
    ordered = query.order_by(Source.retired_at.is_not(None), func.lower(Source.name), Source.id)
    return list(session.scalars(ordered.limit(MOST_SOURCES)))


def list_in_use(session: Session, workspace_id: int) -> list[Source]:
    """Return the sources a file may name."""
    return [source for source in list_all(session, workspace_id) if source.retired_at is None]


def get(session: Session, workspace_id: int, source_id: int) -> Source:
    """Return the source; raise NotFound."""
    return keyed_rows.get(session, Source, workspace_id, source_id)


def find_named(session: Session, workspace_id: int, name: str) -> Source | None:
    """Return the source in use of this name, in capitals or not."""
    query = select(Source).where(
        Source.workspace_id == workspace_id, func.lower(Source.name) == func.lower(name), Source.retired_at.is_(None)
    )
    return session.scalar(query)


def add(session: Session, workspace_id: int, draft: SourceDraft, *, staff_id: int | None, now: datetime) -> Source:
    """Add a source; raise SourceRefused."""
    if len(list_all(session, workspace_id)) >= MOST_SOURCES:
        raise SourceRefused(N_("There are 500 sources already."))
    source = Source(workspace_id=workspace_id, created_at=now, **_checked(draft))
    with refusing_duplicates(session, "uq_sources_name", SourceRefused(_TAKEN, field="name")):
        session.add(source)
        session.flush()
    audit.note(session, source, "source.added", staff_id=staff_id, now=now)
    return source


def change(
    session: Session, workspace_id: int, source_id: int, draft: SourceDraft, *, staff_id: int | None, now: datetime
) -> None:
    """Change a source. Files that came before stay what they were; an ended licence ends their values all the same.

    Raise NotFound, SourceRefused.
    """
    source = keyed_rows.hold(session, Source, workspace_id, source_id)
    with refusing_duplicates(session, "uq_sources_name", SourceRefused(_TAKEN, field="name")):
        for name, value in _checked(draft).items():
            setattr(source, name, value)
        session.flush()
    audit.note(session, source, "source.changed", staff_id=staff_id, now=now)


def retire(session: Session, workspace_id: int, source_id: int, *, staff_id: int | None, now: datetime) -> None:
    """Offer a source to no further file; raise NotFound."""
    source = keyed_rows.hold(session, Source, workspace_id, source_id)
    source.retired_at = source.retired_at or now
    session.flush()
    audit.note(session, source, "source.retired", staff_id=staff_id, now=now)


def bring_back(session: Session, workspace_id: int, source_id: int, *, staff_id: int | None, now: datetime) -> None:
    """Offer a retired source again; raise NotFound."""
    source = keyed_rows.hold(session, Source, workspace_id, source_id)
    source.retired_at = None
    session.flush()
    audit.note(session, source, "source.restored", staff_id=staff_id, now=now)


def name_on(session: Session, found: Import, source_id: int, *, now: datetime) -> None:
    """Say of a file that it comes from this source, before it is read; raise NotFound, SourceRefused."""
    source = get(session, found.workspace_id, source_id)
    if source.retired_at is not None:
        raise SourceRefused(N_("This source is retired. Choose another one."), field="source_id")
    if source.licence_ends_on is not None and source.licence_ends_on < now.date():
        raise SourceRefused(N_("The licence of this source has ended. Renew it there first."), field="source_id")
    found.source_id, found.certainty, found.nature = source.id, source.certainty, nature_of(source)
    found.source = "external" if source.is_external else "own"
    session.flush()


def nature_of(source: Source) -> int:
    """Return the nature of what it tells, as marks of provenance hold it."""
    flags = ((source.is_external, EXTERNAL), (source.is_inferred, INFERRED), (source.is_implied, IMPLIED))
    return sum(flag for is_set, flag in flags if is_set)


_TAKEN = N_("Another source has this name.")


def _checked(draft: SourceDraft) -> dict[str, Any]:
    name, licence = values.one_line(draft.name), " ".join(draft.licence.split())
    if not name or len(name) > LONGEST_NAME:
        raise SourceRefused(N_("Write a name of at most 100 characters."), field="name")
    if draft.kind not in KINDS:
        raise SourceRefused(N_("Choose one of the list."), field="kind")
    if draft.certainty is not None and not 1 <= draft.certainty <= 100:
        raise SourceRefused(N_("Write a percentage from 1 to 100."), field="certainty")
    if draft.cost is not None and not 0 <= draft.cost < 10**11:
        raise SourceRefused(N_("This is not an amount of money, such as 1234.50 EUR."), field="cost")
    if draft.cost is not None and draft.currency not in codes.currencies():
        raise SourceRefused(N_("This is not a currency; write its three letters, such as EUR."), field="cost")
    if len(licence) > LONGEST_LICENCE:
        raise SourceRefused(N_("This text is too long."), field="licence")
    return {
        "name": name,
        "kind": draft.kind,
        "is_external": draft.is_external,
        "is_inferred": draft.is_inferred,
        "is_implied": draft.is_implied,
        "certainty": draft.certainty,
        "cost": draft.cost,
        "currency": draft.currency if draft.cost is not None else None,
        "licence": licence,
        "licence_ends_on": draft.licence_ends_on,
    }
