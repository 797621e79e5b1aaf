"""The cadence policy of a workspace, one row each; without a row the defaults hold."""

from __future__ import annotations

from datetime import time

from sqlalchemy import ARRAY, CheckConstraint, SmallInteger, Time, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Tenant


class CadencePolicy(Tenant, Base):
    """One rolling cap over all topics, the hours of silence, and the days on which mail may leave (Monday is 0)."""

    __tablename__ = "cadence_policies"
    __table_args__ = (
        CheckConstraint("(cap_limit IS NULL) = (cap_days IS NULL)", name="cap_is_whole"),
        CheckConstraint("cap_limit BETWEEN 1 AND 40 AND cap_days BETWEEN 1 AND 366", name="cap_in_range"),
        CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name="quiet_is_whole"),
        CheckConstraint("quiet_from <> quiet_until", name="quiet_ends"),
        CheckConstraint("cardinality(sending_days) BETWEEN 1 AND 7", name="some_day"),
        CheckConstraint("sending_days <@ '{0,1,2,3,4,5,6}'", name="days_of_a_week"),
    )

    cap_limit: Mapped[int | None]
    cap_days: Mapped[int | None]
    quiet_from: Mapped[time | None] = mapped_column(Time)
    quiet_until: Mapped[time | None] = mapped_column(Time)
    sending_days: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    # Counts the changes, so that a decision can name the rules it followed.
    version: Mapped[int] = mapped_column(server_default=text("1"))
