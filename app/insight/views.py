"""The pages of insight: where the value is, and what it says about one customer."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from flask import Blueprint, g, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.commerce import orders
from app.customers.customer_id import CustomerId
from app.customers.profiles import engagement, inferred_scores
from app.customers.words import PATTERNS, TIERS
from app.insight import concentration, words
from app.insight.concentration import STEPS
from app.kernel.queueing import outbox
from app.kernel.services import services
from app.web import guard, language, shell
from app.web.components import charts

bp = Blueprint("insight", __name__, template_folder="templates")


@bp.get("/insight")
@guard.role("viewer")
def show_insight() -> ResponseReturnValue:
    """Show where the value is."""
    with services().database.transaction(g.workspace.id) as session:
        tiers = concentration.list_tiers(session, g.workspace.id)
        curve = concentration.curve(session, g.workspace.id) if tiers else []
        top = concentration.list_top(session, g.workspace.id, limit=10)
        patterns = concentration.list_patterns(session, g.workspace.id)
        scored_at = concentration.scored_at(session, g.workspace.id)
        currency = orders.usual_currency(session, g.workspace.id) or "EUR"
    return shell.page(
        "insight/insight.html",
        tiers=tiers,
        tier_words=TIERS,
        chart=_curve_chart(curve),
        summary=_summary(tiers),
        tier_chart=_tier_chart(tiers),
        top=top,
        patterns=patterns,
        pattern_words=PATTERNS,
        pattern_hints=words.HINTS,
        scored_at=scored_at,
        currency=currency,
        segment_url=segment_url,
    )


@bp.post("/insight/score")
@guard.role("marketer")
def score() -> ResponseReturnValue:
    """Have the scores worked out now instead of at night."""
    key = f"insight.score_workspace:{g.workspace.id}"
    with services().database.transaction(g.workspace.id) as session:
        outbox.enqueue(session, "insight.score_workspace", workspace_id=g.workspace.id, key=key)
    return shell.back(url_for("insight.show_insight"), _("The scores are being calculated. Look again in a moment."))


def customer_panel(session: Session, workspace_id: int, customer_id: CustomerId, now: datetime) -> str:
    """Say what this customer is worth, in words; or why nothing is inferred."""
    found = inferred_scores.find(session, workspace_id, customer_id)
    sums = engagement.get(session, workspace_id, customer_id)
    if found is None:
        return render_template("insight/no_score.html", has_bought=sums.orders > 0)
    return render_template(
        "insight/customer_panel.html",
        traits=found,
        tier=_(TIERS[found.value_tier]),
        pattern=_(PATTERNS[found.segment_label]),
        hint=_(words.HINTS[found.segment_label]),
        reasons=words.reasons(found),
        segment_url=segment_url("segment_label", found.segment_label),
    )


def home_panel(session: Session, workspace_id: int, subject: None, now: datetime) -> str:
    """Say how much of the revenue comes from how few."""
    tiers = concentration.list_tiers(session, workspace_id)
    if not tiers:
        return ""
    return render_template(
        "insight/home_panel.html",
        tiers=tiers,
        tier_words=TIERS,
        summary=_summary(tiers),
        top=concentration.list_top(session, workspace_id, limit=5),
        currency=orders.usual_currency(session, workspace_id) or "EUR",
    )


def segment_url(field: str, value: str) -> str:
    """Return where a segment of these customers can be made."""
    rules = {"type": "all", "rules": [{"type": "is", "field": field, "value": value}]}
    return url_for("segments.new", rules=json.dumps(rules))


def _summary(tiers: list[concentration.Tier]) -> str:
    """One sentence: the top tenth and what it brings."""
    few = [tier for tier in tiers if tier.name in ("top_1", "top_10")]
    people, share = sum(tier.people for tier in few), sum(tier.revenue_share for tier in few)
    return str(
        ngettext(
            "%(people)s person brings %(share)s of the revenue.",
            "%(people)s people bring %(share)s of the revenue.",
            people,
            people=language.number(people),
            share=language.percent(share, 0),
        )
    )


def _curve_chart(curve: list[tuple[float, float]]) -> dict[str, Any]:
    labels = [f"{round(people * STEPS) * 100 // STEPS} %" for people, _share in curve]
    shares = charts.line(_("Share of revenue"), [share for _people, share in curve])
    return charts.data(labels, [shares], unit="percent")


def _tier_chart(tiers: list[concentration.Tier]) -> dict[str, Any]:
    labels = [_(TIERS[tier.name]) for tier in tiers]
    people = charts.line(_("Share of people"), [tier.people_share for tier in tiers], tone="muted")
    revenue = charts.line(_("Share of revenue"), [tier.revenue_share for tier in tiers])
    return charts.data(labels, [people, revenue], unit="percent")
