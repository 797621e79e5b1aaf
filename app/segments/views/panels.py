"""What segments and lists show on a customer's page."""

from __future__ import annotations

from datetime import datetime

from flask import render_template
from sqlalchemy.orm import Session

from app.customers.customer_id import CustomerId
from app.segments.lists import lists
from app.segments.membership import history


def customer_panel(session: Session, workspace_id: int, customer_id: CustomerId, now: datetime) -> str:
    """Draw the watched segments somebody is in, the lists they are on, and what they can be put on."""
    within, moves = history.of_customer(session, workspace_id, customer_id)
    on = lists.of_customer(session, workspace_id, customer_id)
    there = {found.id for found, _member in on}
    others = [(list_id, name) for list_id, name in lists.names(session, workspace_id).items() if list_id not in there]
    values = {"on": on, "others": others, "within": within, "moves": moves}
    return render_template("segments/customer_panel.html", customer_id=customer_id, **values)
