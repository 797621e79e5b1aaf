"""The table of the card: which fields a workspace wants on it."""

from __future__ import annotations

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Tenant


class CustomerCard(Tenant, Base):
    """What the customer card of a workspace shows, in this order; without a row it shows the usual fields."""

    __tablename__ = "customer_cards"

    fields: Mapped[list[str]] = mapped_column(ARRAY(Text))
