"""What is drawn on the page of one customer by the rooms above, and what became part of them."""

from __future__ import annotations

from datetime import datetime

from flask import render_template
from sqlalchemy.orm import Session

from app.customers.customer_id import CustomerId
from app.customers.merging import undoing
from app.web.panels import Panels


class CustomerPanels(Panels[CustomerId]):
    """What the page of one customer shows of the rooms above."""


def merges_panel(session: Session, workspace_id: int, customer_id: CustomerId, now: datetime) -> str:
    """Draw who became part of this customer, with the way back."""
    merges = undoing.merges_of(session, workspace_id, customer_id)
    return render_template("customers/merges_panel.html", merges=merges) if merges else ""
