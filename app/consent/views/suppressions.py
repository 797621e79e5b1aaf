"""The page of the suppression list: look an address up, add one. Only a person's own act ends it, or staff a bounce."""

from __future__ import annotations

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts import audit, workspaces
from app.consent import suppression, words
from app.consent.forms import SuppressionForm
from app.consent.suppression import Listed
from app.consent.views import how
from app.consent.views.blueprint import bp, tabs
from app.customers.addresses import emails
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, shell


@bp.get("/consent/suppressions")
@guard.role("viewer")
def list_suppressions() -> ResponseReturnValue:
    """Show the latest additions, or the answer about one address."""
    return _show(SuppressionForm(formdata=None))


@bp.post("/consent/suppressions")
@guard.role("marketer")
def add_suppression() -> ResponseReturnValue:
    """Suppress an address."""
    form, now = SuppressionForm(), services().clock.now()
    if not form.validate():
        return _show(form), 422
    try:
        with services().database.transaction(g.workspace.id) as session:
            digest = _digest(session, form.email.data or "")
            suppression.add(
                session,
                g.workspace.id,
                address_digest=digest,
                reason=suppression.MANUAL,
                source=f"{g.staff.name}: {form.note.data}"[:300],
                now=now,
            )
            audit.record(
                session,
                g.workspace.id,
                staff_id=g.staff.id,
                action="address.suppressed",
                subject_kind="suppression",
                subject_id=0,
                details={"digest": digest.hex(), "note": form.note.data},
                now=now,
            )
    except Refusal as refusal:
        form.refuse(refusal)
        return _show(form), 422
    return shell.back(url_for("consent.list_suppressions"), _("This address is suppressed."))


@bp.post("/consent/suppressions/bounces/<int:customer_id>/end")
@guard.role("marketer")
def end_bounce(customer_id: int) -> ResponseReturnValue:
    """Write again to somebody whose address bounced."""
    with services().database.transaction(g.workspace.id) as session:
        has_ended = suppression.end_bounce(
            session, g.workspace.id, customer_id, staff_id=g.staff.id, now=services().clock.now()
        )
    here = url_for("customers.show_customer", customer_id=customer_id)
    return shell.back(here, _("This address gets mail again.")) if has_ended else shell.back(here)


def _show(form: SuppressionForm) -> str:
    asked, answer, is_address = request.args.get("q", "").strip(), None, True
    with services().database.transaction(g.workspace.id) as session:
        newest = suppression.list_newest(session, g.workspace.id)
        if asked:
            try:
                answer = suppression.find_listed(session, g.workspace.id, _digest(session, asked))
            except emails.BadAddress:
                is_address = False
    return shell.page(
        "consent/suppressions.html",
        tabs=tabs(),
        form=form,
        asked=asked,
        answer=_row(answer) if answer else None,
        is_address=is_address,
        rows=[_row(each) for each in newest],
        can_edit=g.role != "viewer",
    )


def _row(listed: Listed) -> tuple[Listed, str, str]:
    info = listed.info
    return listed, words.SUPPRESSIONS.get(info.reason, info.reason), how.say(info.source)


def _digest(session: Session, email: str) -> bytes:
    return emails.digest(emails.normalise(email).key, workspaces.get(session, g.workspace.id).digest_key)
