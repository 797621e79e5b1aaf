"""The tables of the life cycle: a workspace's rules, every move from one stage to another, and how many stand where."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Identity, Index, PrimaryKeyConstraint, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.customers.models import Attached
from app.kernel.database import Base, Tenant


class LifeCycleRules(Tenant, Base):
    """By which days a workspace tells the stages apart; without a row the usual ones hold."""

    __tablename__ = "life_cycle_rules"
    __table_args__ = (
        CheckConstraint("lead_days BETWEEN 1 AND 3650", name="lead_days"),
        CheckConstraint(
            "active_days BETWEEN 1 AND 3650 AND inactive_days BETWEEN active_days + 1 AND 3651",
            name="days",
        ),
    )

    lead_days: Mapped[int]
    active_days: Mapped[int]
    inactive_days: Mapped[int]
    # Names of reported events that are enquiries, beside calls, visits, letters and support.
    enquiries: Mapped[list[str]] = mapped_column(ARRAY(Text))


class LifeCycleMove(Attached, Base):
    """One customer's move from a stage to another; rows are only added. `facts` say why, and what they were before."""

    __tablename__ = "life_cycle_moves"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "customer_id", "id"),
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customers.workspace_id", "customers.id"], ondelete="CASCADE"
        ),
    )

    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    at: Mapped[datetime]
    stage: Mapped[str]
    former: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)


class LifeCycleMark(Base):
    """Somebody whose stage may have changed; a trigger on orders adds the rows."""

    __tablename__ = "life_cycle_marks"

    workspace_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(Identity(cache=100), primary_key=True)
    customer_id: Mapped[int]


class LifeCycleCheck(Base):
    """When time alone may next move somebody to another stage; a check may come too early, never too late."""

    __tablename__ = "life_cycle_checks"
    __table_args__ = (Index("ix_life_cycle_checks_due", "workspace_id", "due_at"),)

    workspace_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    due_at: Mapped[datetime]


class LifeCycleRun(Base):
    """Up to when what was recorded has been looked at, and when everybody was; without a row everybody is.

    Customers after the latest one are not counted yet.
    """

    __tablename__ = "life_cycle_runs"

    workspace_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    until: Mapped[datetime]
    whole_at: Mapped[datetime]
    latest_customer_id: Mapped[int]


class LifeCycleCount(Tenant, Base):
    """How many customers stood at a stage when they were counted last."""

    __tablename__ = "life_cycle_counts"

    stage: Mapped[str] = mapped_column(primary_key=True)
    people: Mapped[int]
    counted_at: Mapped[datetime]
