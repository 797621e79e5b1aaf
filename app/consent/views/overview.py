"""The consent overview."""

from __future__ import annotations

from flask import g
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.consent import reports, topics, words
from app.consent.ledger import checks
from app.consent.reports import Base, Flow
from app.consent.views import how
from app.consent.views.blueprint import bp, tabs
from app.kernel.services import services
from app.web import guard, language, shell
from app.web.components import charts


@bp.get("/consent")
@guard.role("viewer")
def show_overview() -> ResponseReturnValue:
    """Show the base of permission, and how it grew and shrank."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        base = reports.base(session, g.workspace.id, now=now)
        flow = reports.flow(session, g.workspace.id, now=now, time_zone=g.workspace.time_zone)
        known = topics.list_all(session, g.workspace.id)
        checkup = checks.latest(session, g.workspace.id)
    return shell.page(
        "consent/overview.html",
        tabs=tabs(),
        base=base,
        topics=[(topic, base.by_topic.get(topic.id, 0), base.not_allowed.get(topic.id, {})) for topic in known],
        sources=[(_(words.BASES[basis]), how.say(method), count) for basis, method, count in base.by_source],
        ages=_ages(base),
        flow=flow,
        chart=flow_chart(flow),
        summary=flow_summary(flow),
        checkup=checkup,
    )


def flow_chart(flow: Flow) -> dict[str, object]:
    """Return what was gained and lost week by week, for the chart component.

    What an import brought is told in the sentence: its one tall bar would leave the others flat.
    """
    gained = {"given": _("agreed"), "confirmed": _("confirmed by email")}
    lost = {
        "withdrawn": _("withdrawn"),
        "objected": _("objected"),
        "complained": _("complained"),
        "expired": _("expired"),
        "bounced": _("undeliverable"),
    }
    lines = [charts.line(said, flow.gained[name]) for name, said in gained.items() if any(flow.gained[name])]
    lines += [charts.line(lost[name], values) for name, values in flow.lost.items() if any(values)]
    return charts.data(list(flow.weeks), lines)


def flow_summary(flow: Flow) -> str:
    """Return the chart in one sentence."""
    gained, lost = language.number(flow.gained_total), language.number(flow.lost_total)
    sentence = str(_("Permissions in 13 weeks: %(gained)s gained, %(lost)s lost.", gained=gained, lost=lost))
    if flow.brought_total:
        sentence += " " + _("%(brought)s more came along by import.", brought=language.number(flow.brought_total))
    return sentence


def _ages(base: Base) -> list[tuple[str, int, str]]:
    names = (_("up to 90 days"), _("up to a year"), _("up to two years"), _("older"))
    tones = ("success", "accent", "warning", "muted")
    return list(zip(names, base.by_age, tones, strict=True))
