"""RFM scores (recency, frequency, monetary value) of one to five within a workspace, and value tiers.

Recency, frequency and monetary value are the classic three of direct mail (Hughes, Strategic Database Marketing).
People with equal values have equal scores: many have bought just once, and none of them buys more often than another.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Numeric, Select, SmallInteger, case, cast, func, select
from sqlalchemy.orm import Session

from app.consent import permission
from app.customers.profiles import engagement, inferred_scores

# The share of the people scored that a tier ends at, from the top.
TIERS = (("top_1", 0.01), ("top_10", 0.10), ("top_25", 0.25), ("middle", 0.75))
LOWEST = "rest"


def score_workspace(session: Session, workspace_id: int, now: datetime) -> int:
    """Score everyone who bought and allows profiling, forget everyone else, and return how many have scores."""
    scored = inferred_scores.write_query(session, workspace_id, scored_query(workspace_id, now), now)
    inferred_scores.forget_older(session, workspace_id, now=now)
    return scored


def may_profile(session: Session, workspace_id: int, customer_id: int, now: datetime) -> bool:
    """Say whether this customer allows profiling now."""
    allowed = permission.allowed_query(workspace_id, "profiling", 0, now)
    return session.scalar(allowed.where(allowed.selected_columns.customer_id == customer_id)) is not None


def scored_query(workspace_id: int, now: datetime) -> Select[*tuple[Any, ...]]:
    """Select customer_id and `traits.SCORES` for everyone who bought and allows profiling now."""
    ranked = _ranked(workspace_id, now).subquery("ranked")
    r, f, m = ranked.c.recency, ranked.c.frequency, ranked.c.monetary
    return select(
        ranked.c.customer_id, r, f, m, _tier(ranked.c.place, ranked.c.people), ranked.c.share, _pattern(r, f, m)
    )


def _ranked(workspace_id: int, now: datetime) -> Select[*tuple[Any, ...]]:
    allowed = permission.allowed_query(workspace_id, "profiling", 0, now).subquery("allowed")
    bought = engagement.purchase_totals_query(workspace_id).subquery("bought")
    worth = func.greatest(bought.c.spent, 0)
    everything = func.nullif(func.sum(worth).over(), 0)
    return select(
        bought.c.customer_id,
        _fifth(bought.c.latest_purchase_at).label("recency"),
        _fifth(bought.c.orders).label("frequency"),
        _fifth(worth).label("monetary"),
        func.row_number().over(order_by=(worth.desc(), bought.c.customer_id)).label("place"),
        func.count().over().label("people"),
        cast(func.coalesce(worth / everything, 0), Numeric(9, 6)).label("share"),
    ).join(allowed, allowed.c.customer_id == bought.c.customer_id)


def _fifth(value: ColumnElement[Any]) -> ColumnElement[int]:
    """One to five by the share of people with less; equals stay together."""
    below = func.percent_rank().over(order_by=value)
    return cast(1 + func.least(func.floor(below * 5), 4), SmallInteger)


def _tier(place: ColumnElement[int], people: ColumnElement[int]) -> ColumnElement[str]:
    return case(*((place <= func.ceil(people * share), tier) for tier, share in TIERS), else_=LOWEST)


def _pattern(r: ColumnElement[int], f: ColumnElement[int], m: ColumnElement[int]) -> ColumnElement[str]:
    """The first pattern that fits names the customer."""
    return case(
        ((r >= 4) & (f >= 4) & (m >= 4), "champion"),
        ((r <= 2) & ((f >= 4) | (m >= 4)), "at_risk"),
        ((r >= 3) & (f >= 4), "loyal"),
        ((r >= 4) & (f <= 2), "promising"),
        (r <= 2, "sleeping"),
        else_="occasional",
    )
