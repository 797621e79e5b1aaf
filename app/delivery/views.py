"""Delivery's panels and pages: a customer's messages with reasons, the health of sending, and messages in doubt."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.accounts import audit
from app.accounts.identities import identities
from app.customers.customer_id import CustomerId
from app.delivery import doubts, history
from app.delivery.sending import lanes
from app.delivery.throttling import provider_refusals
from app.kernel import ids
from app.kernel.services import services
from app.rendering import subjects
from app.web import guard, shell

bp = Blueprint("delivery", __name__, template_folder="templates")
MOST_NAMED = 200


@bp.app_template_filter("as_read")
def as_read(subject: str) -> str:
    """Show a subject as a sample person reads it, on the pages of every room."""
    return subjects.filled(subject, sender=g.workspace.name)


def customer_panel(session: Session, workspace_id: int, customer_id: CustomerId, now: datetime) -> str:
    """Draw the mails this person got, will get, or did not get."""
    rows = history.of_customer(session, workspace_id, customer_id, limit=12)
    return render_template("delivery/messages.html", rows=rows)


def settings_panel(session: Session, workspace_id: int, subject: None, now: datetime) -> str:
    """Draw how sending goes: identities, what is closed or held back, what waits."""
    known = {identity.id: identity for identity in identities.list_identities(session, workspace_id)}
    return render_template(
        "delivery/sending.html",
        identities=known,
        unproved=[identity for identity in known.values() if identity.proved_at is None],
        lanes=lanes.health(session, workspace_id),
        domains=provider_refusals.list_resting(session, workspace_id),
        in_doubt=doubts.count(session, workspace_id),
        now=now,
    )


def home_panel(session: Session, workspace_id: int, subject: None, now: datetime) -> str:
    """Say so on the home page when a provider refuses our mail or mails are in doubt; nothing otherwise."""
    closed = [lane for lane in lanes.health(session, workspace_id) if lane.paused_at is not None]
    said = [(lane.provider, lane.pause_reason) for lane in closed]
    said += [(domain.domain, domain.reply) for domain in provider_refusals.list_resting(session, workspace_id, limit=5)]
    in_doubt = doubts.count(session, workspace_id)
    return render_template("delivery/closed.html", said=said, in_doubt=in_doubt) if said or in_doubt else ""


@bp.post("/settings/sending/<int:lane_id>/resume")
@guard.role("owner")
def resume(lane_id: int) -> Response:
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        lanes.resume(session, g.workspace.id, lane_id)
        audit.record(
            session,
            g.workspace.id,
            staff_id=g.staff.id,
            action="sending.resumed",
            subject_kind="lane",
            subject_id=lane_id,
            now=now,
        )
    return shell.back(url_for("accounts.show_settings"), _("Sending goes on."))


@bp.post("/settings/sending/domains/resume")
@guard.role("owner")
def resume_domain() -> Response:
    """Let a domain be written to again before its rest is over."""
    identity_id, domain = request.form.get("identity_id", 0, type=ids.read), request.form.get("domain", "")
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        provider_refusals.forget(session, g.workspace.id, identity_id, domain.replace("\0", "")[:253])
        audit.record(
            session,
            g.workspace.id,
            staff_id=g.staff.id,
            action="sending.resumed",
            subject_kind="identity",
            subject_id=identity_id,
            now=now,
        )
    return shell.back(url_for("accounts.show_settings"), _("Sending goes on."))


@bp.get("/sending/in-doubt")
@guard.role("viewer")
def list_doubts() -> str:
    """Show the sends with messages that may or may not have arrived."""
    with services().database.transaction(g.workspace.id) as session:
        found = doubts.list_sends(session, g.workspace.id)
    return shell.page("delivery/doubts.html", sends=found)


@bp.get("/sending/in-doubt/<int:send_id>")
@guard.role("viewer")
def show_doubts(send_id: int) -> str:
    """Show whose message of one send is in doubt, to have them sent once more or to leave it at that."""
    with services().database.transaction(g.workspace.id) as session:
        found = doubts.find_send(session, g.workspace.id, send_id)
        rows = history.in_doubt(session, g.workspace.id, send_id, limit=MOST_NAMED)
    return shell.page("delivery/doubtful_send.html", send=found, rows=rows)


@bp.post("/sending/in-doubt/<int:send_id>/leave")
@guard.role("marketer")
def leave_doubts(send_id: int) -> Response:
    with services().database.transaction(g.workspace.id) as session:
        count = doubts.leave(session, g.workspace.id, send_id)
        _note(session, "messages.left_in_doubt", send_id, count)
    return shell.back(
        url_for("delivery.list_doubts"),
        ngettext("%(num)s mail was left as it is.", "%(num)s mails were left as they are.", count),
    )


@bp.post("/sending/in-doubt/<int:send_id>/send-again")
@guard.role("marketer")
def send_doubts_again(send_id: int) -> Response:
    with services().database.transaction(g.workspace.id) as session:
        count = doubts.send_again(session, g.workspace.id, send_id, now=services().clock.now())
        _note(session, "messages.sent_again", send_id, count)
    return shell.back(
        url_for("delivery.list_doubts"),
        ngettext("%(num)s mail is sent once more.", "%(num)s mails are sent once more.", count),
    )


def _note(session: Session, action: str, send_id: int, count: int) -> None:
    """Write down what was decided; nothing, where somebody else had decided it before."""
    if not count:
        return
    audit.record(
        session,
        g.workspace.id,
        staff_id=g.staff.id,
        action=action,
        subject_kind="send",
        subject_id=send_id,
        now=services().clock.now(),
    )
