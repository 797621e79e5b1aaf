"""What other pages show of journeys: one customer's, and what needs attention at home."""

from __future__ import annotations

from datetime import datetime

from flask import render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.customers.customer_id import CustomerId
from app.journeys import blockers, definitions, positions
from app.journeys.engine import outage_holds
from app.journeys.views.words import REASONS, hindrance

PER_SEARCH = 5


def customer_panel(session: Session, workspace_id: int, customer_id: CustomerId, _now: datetime) -> str:
    """Draw the journeys a customer is on, or was."""
    stands = positions.of_customer(session, workspace_id, customer_id)
    if not stands:
        return ""
    values = {
        "stands": stands,
        "reasons": REASONS,
        "hindrance": hindrance,
    }
    return render_template("journeys/customer_panel.html", **values)


def attention_panel(session: Session, workspace_id: int, subject: None, now: datetime) -> str:
    """Say at home which live journeys enrol nobody or send nothing, and which an outage paused."""
    live = definitions.list_live(session, workspace_id)
    found = blockers.list_for_many(session, workspace_id, live, now=now)
    blocked = [(journey, found[journey.id]) for journey in live if journey.id in found]
    held = outage_holds.list_held(session, workspace_id)
    return render_template("journeys/attention_panel.html", blocked=blocked, held=held) if blocked or held else ""


def search(session: Session, workspace_id: int, words: str) -> list[tuple[str, str, str]]:
    """Answer the search box with journeys whose name holds the words."""
    found = definitions.search(session, workspace_id, words, limit=PER_SEARCH)
    return [(journey.name, _("Journey"), url_for("journeys.show_journey", journey_id=journey.id)) for journey in found]
