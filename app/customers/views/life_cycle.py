"""The life cycle: who stands where, by which rules, and the picture of it on the home page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import g, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.customers.forms import LifeCycleForm
from app.customers.life_cycle import moving, stages
from app.customers.life_cycle.stages import Rules
from app.customers.views.blueprint import bp
from app.customers.words import STAGES
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, language, shell


@bp.get("/customers/life-cycle")
@guard.role("viewer")
def show_life_cycle() -> ResponseReturnValue:
    """Show how many stand at each stage, and the rules that put them there."""
    with services().database.transaction(g.workspace.id) as session:
        rules = stages.rules_of(session, g.workspace.id)
    form = LifeCycleForm(
        formdata=None,
        lead_days=rules.lead_days,
        active_days=rules.active_days,
        inactive_days=rules.inactive_days,
        enquiries="\n".join(rules.enquiries),
    )
    return _page(form)


@bp.post("/customers/life-cycle")
@guard.role("marketer")
def set_life_cycle() -> ResponseReturnValue:
    """Tell the stages apart by other rules."""
    form = LifeCycleForm()
    try:
        if form.validate():
            wanted = Rules(
                form.lead_days.data or 0,
                form.active_days.data or 0,
                form.inactive_days.data or 0,
                tuple((form.enquiries.data or "").splitlines()),
            )
            with services().database.transaction(g.workspace.id) as session:
                stages.set_rules(session, g.workspace.id, wanted)
            return shell.back(
                url_for("customers.show_life_cycle"), _("Rules saved. Everybody is looked at anew within the hour.")
            )
    except Refusal as refusal:
        form.refuse(refusal)
    return _page(form), 422


def home_panel(session: Session, workspace_id: int, _subject: None, _now: datetime) -> str:
    """Show how many customers stand at each stage, once anybody was counted."""
    counts, counted_at = moving.counts(session, workspace_id)
    if counted_at is None or not any(counts.values()):
        return ""
    return render_template("customers/life_cycle_panel.html", **_picture(counts), counted_at=counted_at)


def reason(stage: str, facts: Mapping[str, Any]) -> str:
    """Return why somebody stands at a stage, as the facts of the move say."""
    days = {name: _day(facts.get(name)) for name in ("purchased", "responded")}
    return str(_(stages.REASONS[stage], **days))


def pattern(facts: Mapping[str, Any]) -> str:
    """Return what somebody was like who bought: how often, and at which distance."""
    orders = int(facts.get("orders", 0))
    if not orders:
        return ""
    said = str(ngettext("%(num)s purchase", "%(num)s purchases", orders))
    every = facts.get("every")
    if every is not None:
        said += " · " + ngettext("every %(num)s day", "every %(num)s days", int(every))
    return said


def _day(kept: str | None) -> str:
    return language.day(date.fromisoformat(kept)) if kept else "–"


def _page(form: LifeCycleForm) -> str:
    with services().database.transaction(g.workspace.id) as session:
        counts, counted_at = moving.counts(session, g.workspace.id)
    return shell.page("customers/life_cycle.html", form=form, counted_at=counted_at, **_picture(counts))


def _picture(counts: Mapping[str, int]) -> dict[str, Any]:
    total = sum(counts.values())
    everyone = language.number(total)
    summary = ngettext("%(everyone)s customer in all.", "%(everyone)s customers in all.", total, everyone=everyone)
    return {
        "summary": summary,
        "counts": counts,
        "total": total,
        "stages": STAGES,
        "links": {stage: url_for("customers.show_customers", stage=stage) for stage in STAGES},
    }
