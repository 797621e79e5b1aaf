"""What a customer bought, on the customer's page."""

from __future__ import annotations

from datetime import datetime

from flask import render_template
from sqlalchemy.orm import Session

from app.commerce import purchases
from app.customers.customer_id import CustomerId

SHOWN = 10


def customer_panel(session: Session, workspace_id: int, customer_id: CustomerId, _now: datetime) -> str:
    """Draw the newest purchases; whoever bought nothing has no panel."""
    bought = purchases.newest(session, workspace_id, customer_id, limit=SHOWN)
    return render_template("commerce/customer_panel.html", purchases=bought) if bought else ""
