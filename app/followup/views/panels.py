"""What other pages show of follow-up: one customer's tasks, and those that wait at home."""

from __future__ import annotations

from datetime import datetime

from flask import render_template
from sqlalchemy.orm import Session

from app.customers.customer_id import CustomerId
from app.followup import tasks

AT_HOME = 5


def customer_panel(session: Session, workspace_id: int, customer_id: CustomerId, now: datetime) -> str:
    """Draw what is to be done about a customer, and what was."""
    todo = tasks.list_of_customer(session, workspace_id, customer_id)
    if not todo:
        return ""
    return render_template("followup/customer_panel.html", tasks=todo, today=tasks.today(session, workspace_id, now))


def home_panel(session: Session, workspace_id: int, subject: None, now: datetime) -> str:
    """Draw the tasks that wait."""
    number = tasks.count_open(session, workspace_id)
    if not number:
        return ""
    waiting = tasks.list_open(session, workspace_id, limit=AT_HOME)
    values = {"tasks": waiting, "number": number, "today": tasks.today(session, workspace_id, now)}
    return render_template("followup/home_panel.html", **values)
