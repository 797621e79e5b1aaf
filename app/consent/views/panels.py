"""What consent shows on other rooms' pages: a person's permissions with their proof, and the base on the first page."""

from __future__ import annotations

from datetime import datetime

from flask import g, render_template
from sqlalchemy.orm import Session

from app.consent import permission, reports, suppression, topics, words
from app.consent.ledger import proof
from app.consent.permission import PermissionRow
from app.consent.purposes import ALL_TOPICS, MARKETING, PERSONAL_PURPOSES
from app.consent.views import overview
from app.customers.customer_id import CustomerId


def customer_panel(session: Session, workspace_id: int, customer_id: CustomerId, now: datetime) -> str:
    """Show what this person may be written about, why or why not, and the proof behind each answer."""
    rows = {(row.purpose, row.topic_id): row for row in permission.state_of(session, workspace_id, customer_id)}
    everything = rows.get((MARKETING, ALL_TOPICS))
    known = topics.list_all(session, workspace_id)
    suppressed = suppression.find_of_customer(session, workspace_id, customer_id)
    lines = [
        _line(topic.name, rows.get((MARKETING, topic.id)) or everything, now, suppressed is not None)
        for topic in known
        if topic.is_active or (MARKETING, topic.id) in rows
    ]
    lines += [
        _line(words.PURPOSES[purpose], rows.get((purpose, ALL_TOPICS)), now, is_silent=False, translate=True)
        for purpose in PERSONAL_PURPOSES
    ]
    return render_template(
        "consent/customer_panel.html",
        lines=lines,
        customer_id=customer_id,
        suppressed=suppressed,
        suppressed_why=permission.SUPPRESSED[suppressed.reason] if suppressed else None,
        history=proof.of_customer(session, workspace_id, customer_id, limit=20),
        names={topic.id: topic.name for topic in known},
        words=words,
    )


def home_panel(session: Session, workspace_id: int, subject: None, now: datetime) -> str:
    """Show who may be written to now, by topic, and how that came about in 90 days."""
    base = reports.base(session, workspace_id, now=now)
    flow = reports.flow(session, workspace_id, now=now, time_zone=g.workspace.time_zone)
    known = topics.list_active(session, workspace_id)
    most = max(base.by_topic.values(), default=0)
    return render_template(
        "consent/home_panel.html",
        base=base,
        topics=[(topic.name, base.by_topic.get(topic.id, 0)) for topic in known],
        most=most or 1,
        chart=overview.flow_chart(flow),
        summary=overview.flow_summary(flow),
    )


def _line(
    name: str, row: PermissionRow | None, now: datetime, is_silent: bool, *, translate: bool = False
) -> dict[str, object]:
    why = permission.explain_row(row, now=now)
    return {
        "name": name,
        "translate": translate,
        "row": row,
        "is_allowed": why is None and not is_silent,
        "why": why,
        "state": row.state if row else "unknown",
    }
