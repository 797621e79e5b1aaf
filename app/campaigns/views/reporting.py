"""A campaign's report, its live progress, and the panel of the home page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.campaigns import compose, contents
from app.campaigns.forms import RescheduleForm, local_time
from app.campaigns.launch import audience
from app.campaigns.launch.audience import Audience
from app.campaigns.models import Campaign
from app.campaigns.reports import overview, results
from app.campaigns.reports.results import Summary
from app.campaigns.views import outlook, words
from app.campaigns.views.blueprint import bp
from app.consent import topics
from app.customers.timeline import activity_queries
from app.delivery import decisions
from app.delivery.sending.send_queries import Progress
from app.kernel.services import services
from app.segments import segments
from app.web import errors, guard, language, shell
from app.web.components import charts

_LINES = 5


@bp.get("/campaigns/<int:campaign_id>/report")
@guard.role("viewer")
def report(campaign_id: int) -> str:
    """Show the whole report again while it moves."""
    with services().database.transaction(g.workspace.id, reading=True) as session:
        return page(session, compose.get(session, g.workspace.id, campaign_id))


@bp.get("/campaigns/<int:campaign_id>/progress")
@guard.role("viewer")
def progress(campaign_id: int) -> Response:
    """Show how far the sending is; the piece asks for itself again, and for the whole page when the state changes."""
    with services().database.transaction(g.workspace.id, reading=True) as session:
        campaign = compose.get(session, g.workspace.id, campaign_id)
        summary = results.summary(session, g.workspace.id, campaign_id, now=services().clock.now())
        state = overview.state_of(session, campaign)
    response = make_response(shell.page("campaigns/_progress.html", **_moving(campaign, summary, state)))
    if request.args.get("was", state) != state:
        response.headers["HX-Refresh"] = "true"
    return response


def page(session: Session, campaign: Campaign, *, form: RescheduleForm | None = None) -> str:
    """Return the report of a campaign that is no draft any more."""
    now = services().clock.now()
    if form is None:
        form = RescheduleForm(formdata=None, at=local_time(campaign.scheduled_at, g.workspace.time_zone))
    summary = results.summary(session, g.workspace.id, campaign.id, now=now)
    topic = topics.get(session, g.workspace.id, campaign.topic_id) if campaign.topic_id else None
    segment = segments.get(session, g.workspace.id, campaign.segment_id) if campaign.segment_id else None
    state = overview.state_of(session, campaign)
    is_due = campaign.scheduled_at is not None and campaign.scheduled_at <= now
    planned, problem = _planned(session, campaign, now)
    leaves_at = None if is_due else campaign.scheduled_at
    return shell.page(
        "campaigns/report.html",
        topic=topic,
        subject=contents.default(session, campaign).subject,
        is_due=is_due,
        segment=segment,
        audience=planned,
        outlook=outlook.describe(planned, leaves_at=leaves_at, now=now) if planned else [],
        problem=problem,
        pause_words=words.pause(summary.progress),
        form=form,
        earliest=local_time(now, g.workspace.time_zone),
        funnel=_funnel(summary),
        variants=summary.variants,
        verdicts=_verdicts(summary),
        reasons=_reasons(summary.progress),
        waits=_waits(session, campaign),
        **_moving(campaign, summary, state),
    )


def _planned(session: Session, campaign: Campaign, now: datetime) -> tuple[Audience | None, str]:
    """Return what happens when the plan is carried out, or what is wrong with its segment."""
    if campaign.launched_at is not None:
        return None, ""
    try:
        return audience.count(session, campaign, now=max(campaign.scheduled_at or now, now)), ""
    except audience.SegmentBroken as broken:
        return None, errors.say(broken)


def held_panel(session: Session, workspace_id: int, subject: None, now: datetime) -> Markup:
    """Ask on the home page what shall become of campaigns that were not sent at their time, or interrupted."""
    held = [(campaign, words.launch_failure(campaign)) for campaign in overview.not_sent_in_time(session, workspace_id)]
    interrupted = overview.held_after_outage(session, workspace_id)
    if not held and not interrupted:
        return Markup()
    drawn = render_template("campaigns/panel_held.html", held=held, interrupted=interrupted)
    return Markup(drawn)  # noqa: S704 - a template of ours, escaped by itself


def home_panel(session: Session, workspace_id: int, subject: None, now: datetime) -> Markup:
    """Draw the latest campaigns with the people who clicked, for the home page."""
    lines = overview.recent(session, workspace_id, limit=_LINES, launched=True)
    if not lines:
        return Markup()
    drawn = render_template("campaigns/panel_home.html", lines=lines)
    return Markup(drawn)  # noqa: S704 - a template of ours, escaped by itself


def _moving(campaign: Campaign, summary: Summary, state: str) -> dict[str, Any]:
    """Return what changes while it is sent."""
    return {
        "campaign": campaign,
        "summary": summary,
        "state": state,
        "paused_parts": [words.paused_part(each) for each in summary.paused],
        "job": {
            "url": url_for("campaigns.progress", campaign_id=campaign.id),
            "done": summary.progress.done,
            "total": summary.progress.total,
            "sentence": _sentence(summary, state),
            "is_finished": state not in ("sending", "scheduled"),
            "tone": {"paused": "warning", "cancelled": "muted"}.get(state),
        },
    }


def _sentence(summary: Summary, state: str) -> str:
    """Say in one sentence where the campaign stands."""
    progress = summary.progress
    in_time = progress.waiting - sum(each.progress.waiting for each in summary.paused)
    rest = progress.queued - sum(each.progress.queued for each in summary.paused) + in_time
    gone, waiting = words.people(progress.sent), words.people(in_time)
    sentences = {
        "scheduled": _("Preparing to send."),
        "held": _("Held, because its time had passed."),
        "paused": _("Paused. Sent to %(gone)s; still waiting: %(rest)s.", gone=gone, rest=words.people(rest)),
        "cancelled": _("Cancelled early: %(gone)s got it.", gone=gone),
        "sent": _(
            "Done: %(gone)s got it, %(others)s did not.",
            gone=gone,
            others=words.people(progress.total - progress.sent),
        ),
    }
    if state in sentences:
        return str(sentences[state])
    if in_time:
        return str(_("Sent to %(gone)s. Waiting for a better moment: %(waiting)s.", gone=gone, waiting=waiting))
    return str(_("Sent to %(gone)s. Next: %(rest)s.", gone=gone, rest=words.people(rest)))


def _funnel(summary: Summary) -> dict[str, Any]:
    """Return the way from everyone chosen to people who clicked, as chart data."""
    progress = summary.progress
    steps = [
        (_("Recipients"), progress.total),
        (_("Delivered"), summary.delivered),
        (_("Clicked"), summary.clicks.get("human", 0)),
    ]
    return charts.data(
        [label for label, _count in steps], [charts.line(_("People"), [count for _label, count in steps])]
    )


def _verdicts(summary: Summary) -> list[dict[str, Any]]:
    """Return opens and clicks by who caused them, for stacked bars."""
    labels = {"human": (_("A person"), "accent"), "unsure": (_("Unclear"), "warning"),
              "proxy": (_("Mail proxy"), "muted"), "scanner": (_("Security scanner"), "danger")}  # fmt: skip
    return [
        {
            "label": label,
            "parts": [(*labels[name][:1], counts.get(name, 0), labels[name][1]) for name in activity_queries.VERDICTS],
        }
        for label, counts in ((_("Opened"), summary.opens), (_("Clicked"), summary.clicks))
        if counts
    ]


def _waits(session: Session, campaign: Campaign) -> list[tuple[str, str]]:
    """Return what held mails back before they were sent or dropped, the most frequent rule first."""
    counted = decisions.count_waits(session, campaign.workspace_id, kind="campaign", source_id=campaign.id)
    return [(words.reason(each.rule), language.number(each.messages)) for each in counted]


def _reasons(progress: Progress) -> list[tuple[str, str]]:
    """Return why people did not get it, the most frequent reason first."""
    ordered = sorted(progress.reasons.items(), key=lambda pair: -pair[1])
    return [(words.reason(reason), language.number(count)) for reason, count in ordered]
