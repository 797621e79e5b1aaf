"""What other pages show of journeys: one customer's, and what waits at home."""

from __future__ import annotations

from datetime import datetime

from flask import render_template
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.customers.customer_id import CustomerId
from app.journeys import blockers, definitions, outage_holds, positions, tasks
from app.journeys.views.words import REASONS, hindrance

AT_HOME = PER_SEARCH = 5


def customer_panel(session: Session, workspace_id: int, customer_id: CustomerId, now: datetime) -> str:
    """Draw where a customer stands, and what is to be done about them."""
    stands = positions.of_customer(session, workspace_id, customer_id)
    todo = tasks.list_of_customer(session, workspace_id, customer_id)
    if not stands and not todo:
        return ""
    values = {
        "stands": stands,
        "tasks": todo,
        "reasons": REASONS,
        "hindrance": hindrance,
        "today": tasks.today(session, workspace_id, now),
    }
    return render_template("journeys/customer_panel.html", **values)


def attention_panel(session: Session, workspace_id: int, subject: None, now: datetime) -> str:
    """Say at home which live journeys enrol nobody or send nothing, and which an outage paused."""
    live = definitions.list_live(session, workspace_id)
    found = blockers.list_for_many(session, workspace_id, live, now=now)
    blocked = [(journey, found[journey.id]) for journey in live if journey.id in found]
    held = outage_holds.list_held(session, workspace_id)
    return render_template("journeys/attention_panel.html", blocked=blocked, held=held) if blocked or held else ""


def home_panel(session: Session, workspace_id: int, subject: None, now: datetime) -> str:
    """Draw the tasks that wait."""
    number = tasks.count_open(session, workspace_id)
    if not number:
        return ""
    waiting = tasks.list_open(session, workspace_id, limit=AT_HOME)
    values = {"tasks": waiting, "number": number, "today": tasks.today(session, workspace_id, now)}
    return render_template("journeys/home_panel.html", **values)


def search(session: Session, workspace_id: int, words: str) -> list[tuple[str, str, str]]:
    """Answer the search box with journeys whose name holds the words."""
    found = definitions.search(session, workspace_id, words, limit=PER_SEARCH)
    return [(journey.name, _("Journey"), f"/journeys/{journey.id}") for journey in found]
