"""Occasions: what a message is written for. Each person gets at most one message of an occasion.

A campaign's occurrence is one occasion for all its variants, languages and resends; a journey's step is one in each run
of an enrolment; a transactional mail's is the idempotency key of the request it answers. The unique key of `messages`
holds it, whatever is launched, retried or done twice at once.

Lock order: the occasion's row, then the send's, then messages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger as BigInt
from sqlalchemy import Text as Words
from sqlalchemy import column, select, tuple_, update, values
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.delivery.models import OccasionKind, OccasionRow


@dataclass(frozen=True, slots=True, order=True)
class Occasion:
    """The key of an occasion. `part` is a step's id or a digest; `number` the occurrence or the run, from 1."""

    kind: OccasionKind
    source_id: int
    part: str
    number: int

    @classmethod
    def campaign(cls, campaign_id: int, occurrence: int = 1) -> Occasion:
        """One occurrence of a campaign."""
        return cls(OccasionKind.CAMPAIGN, campaign_id, "", occurrence)

    @classmethod
    def journey_step(cls, journey_id: int, step_id: int | str, run: int = 1) -> Occasion:
        """A step of a journey in one run of an enrolment; the same step of a later version is the same occasion."""
        return cls(OccasionKind.JOURNEY, journey_id, str(step_id), run)

    @classmethod
    def transactional(cls, idempotency_key: str) -> Occasion:
        """The request that a transactional mail answers. The key may hold anything; only its digest is kept."""
        digest = hashlib.sha256(idempotency_key.encode("utf-8", "surrogatepass")).hexdigest()
        return cls(OccasionKind.TRANSACTIONAL, 0, digest[:32], 1)


@dataclass(frozen=True, slots=True)
class Known:
    """An occasion's row: its id, and since when something of it may have been launched."""

    id: int
    launched_at: datetime | None


_KEY = (OccasionRow.kind, OccasionRow.source_id, OccasionRow.part, OccasionRow.number)


def find_or_create(
    session: Session, workspace_id: int, wanted: Iterable[Occasion], *, launched_at: datetime | None = None
) -> dict[Occasion, int]:
    """Return the ids of these occasions, making those that are new; two at once make one.

    With `launched_at` they count as launched from then on, unless they did before.
    """
    asked = sorted(set(wanted))
    if not asked:
        return {}
    found = _find(session, workspace_id, asked)
    missing = [occasion for occasion in asked if occasion not in found]
    if missing:
        _create(session, workspace_id, missing, launched_at)
        # Whoever made some of them meanwhile has committed by now: the insert waited for it.
        found |= _find(session, workspace_id, missing)
    unlaunched = [row.id for row in found.values() if row.launched_at is None]
    if unlaunched and launched_at is not None:
        _mark(session, workspace_id, unlaunched, launched_at)
    return {occasion: row.id for occasion, row in found.items()}


def lock(session: Session, workspace_id: int, occasion_id: int) -> bool:
    """Hold the occasion until the end of the transaction; say whether anything of it was launched before."""
    query = select(OccasionRow.launched_at).where(
        OccasionRow.workspace_id == workspace_id, OccasionRow.id == occasion_id
    )
    return session.execute(query.with_for_update()).scalar_one() is not None


def mark_launched(session: Session, workspace_id: int, occasion_id: int, *, now: datetime) -> None:
    """Note that there are messages of this occasion from now on."""
    _mark(session, workspace_id, [occasion_id], now)


def _find(session: Session, workspace_id: int, asked: list[Occasion]) -> dict[Occasion, Known]:
    names = (column("kind", Words), column("source_id", BigInt), column("part", Words), column("number", BigInt))
    given = values(*names, name="given").data(
        [(each.kind.value, each.source_id, each.part, each.number) for each in asked]
    )
    same = tuple_(*_KEY) == tuple_(*given.c)
    query = select(OccasionRow.id, OccasionRow.launched_at, *_KEY).join(given, same)
    rows = session.execute(query.where(OccasionRow.workspace_id == workspace_id))
    return {Occasion(OccasionKind(row[2]), row[3], row[4], row[5]): Known(row[0], row[1]) for row in rows}


def _create(session: Session, workspace_id: int, missing: list[Occasion], launched_at: datetime | None) -> None:
    rows = [
        {
            "workspace_id": workspace_id,
            "kind": each.kind.value,
            "source_id": each.source_id,
            "part": each.part,
            "number": each.number,
            "launched_at": launched_at,
        }
        for each in missing
    ]
    session.execute(insert(OccasionRow).values(rows).on_conflict_do_nothing())


def _mark(session: Session, workspace_id: int, occasion_ids: list[int], now: datetime) -> None:
    held = (
        select(OccasionRow.id)
        .where(OccasionRow.workspace_id == workspace_id, OccasionRow.id.in_(occasion_ids))
        .order_by(OccasionRow.id)
        .with_for_update()
        .cte("held")
    )
    session.execute(
        update(OccasionRow)
        .where(
            OccasionRow.workspace_id == workspace_id,
            OccasionRow.id.in_(select(held.c.id)),
            OccasionRow.launched_at.is_(None),
        )
        .values(launched_at=now)
        .execution_options(synchronize_session=False)
    )
