"""Concentration of revenue: tiers, the curve, and the customers at the top."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.customers.profiles import inferred_scores, naming, people
from app.insight import rfm

STEPS = 20


@dataclass(frozen=True)
class Tier:
    """Some of the people scored, and the revenue they bring; shares are 0 to 1."""

    name: str
    people: int
    revenue: Decimal
    revenue_share: float
    people_share: float


@dataclass(frozen=True)
class TopCustomer:
    """One of those who bring most."""

    customer_id: int
    name: str
    email: str | None
    tier: str
    pattern: str
    orders: int
    spent: Decimal
    share: float


@dataclass(frozen=True)
class Pattern:
    """How many people buy in one way, and what they bring."""

    name: str
    people: int
    revenue_share: float


def list_tiers(session: Session, workspace_id: int) -> list[Tier]:
    """Return the tiers that hold anybody, from the top."""
    scored = inferred_scores.scored_query(workspace_id).subquery("scored")
    query = select(
        scored.c.value_tier, func.count(), func.sum(scored.c.spent), func.sum(scored.c.revenue_share)
    ).group_by(scored.c.value_tier)
    found = {name: (people, revenue, float(share)) for name, people, revenue, share in session.execute(query)}
    everyone = sum(people for people, _, _ in found.values())
    order = [name for name, _ in rfm.TIERS] + [rfm.LOWEST]
    return [
        Tier(name, found[name][0], found[name][1], found[name][2], found[name][0] / everyone)
        for name in order
        if name in found
    ]


def curve(session: Session, workspace_id: int) -> list[tuple[float, float]]:
    """Return (share of people, share of revenue) from the biggest buyer down, in steps of five percent."""
    scored = inferred_scores.scored_query(workspace_id).subquery("scored")
    step = func.ntile(STEPS).over(order_by=(scored.c.revenue_share.desc(), scored.c.customer_id))
    stepped = select(step.label("step"), scored.c.revenue_share).subquery("stepped")
    query = select(func.count(), func.sum(stepped.c.revenue_share)).group_by(stepped.c.step).order_by(stepped.c.step)
    parts = [(people, float(share)) for people, share in session.execute(query)]
    everyone = sum(number for number, _ in parts)
    points, people_so_far, share_so_far = [(0.0, 0.0)], 0, 0.0
    for number, share in parts:
        people_so_far, share_so_far = people_so_far + number, share_so_far + share
        points.append((people_so_far / everyone, min(share_so_far, 1.0)))
    return points


def list_top(session: Session, workspace_id: int, *, limit: int = 20) -> list[TopCustomer]:
    """Return those who bring most, by name."""
    scored = inferred_scores.scored_query(workspace_id).subquery("scored")
    named = people.named_query(workspace_id).subquery("named")
    query = (
        select(scored, named.c.first_name, named.c.last_name, named.c.email)
        .join(named, named.c.customer_id == scored.c.customer_id)
        .order_by(scored.c.revenue_share.desc(), scored.c.customer_id)
        .limit(limit)
    )
    return [
        TopCustomer(
            customer_id=row.customer_id,
            name=naming.full_name(row.first_name, row.last_name),
            email=row.email,
            tier=row.value_tier,
            pattern=row.segment_label,
            orders=row.orders,
            spent=row.spent,
            share=float(row.revenue_share),
        )
        for row in session.execute(query)
    ]


def list_patterns(session: Session, workspace_id: int) -> list[Pattern]:
    """Return how people buy, the most valuable way first."""
    scored = inferred_scores.scored_query(workspace_id).subquery("scored")
    share = func.sum(scored.c.revenue_share)
    query = select(scored.c.segment_label, func.count(), share).group_by(scored.c.segment_label)
    return [Pattern(name, people, float(part)) for name, people, part in session.execute(query.order_by(share.desc()))]


def scored_at(session: Session, workspace_id: int) -> datetime | None:
    """Return when the scores were worked out."""
    return inferred_scores.scored_at(session, workspace_id)
