"""Exporting what is held about a customer, and erasing them with a day to think again."""

from __future__ import annotations

from datetime import datetime

from flask import Response, g, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.customers.customer_id import CustomerId
from app.customers.erasing import erasures, export
from app.customers.profiles import engagement, people
from app.customers.views.blueprint import bp
from app.customers.views.members import name_of
from app.kernel.services import services
from app.web import errors, guard, shell


@bp.post("/customers/<int:customer_id>/data")
@guard.role("marketer", personal_data=guard.EXPORTED)
def export_data(customer_id: int) -> ResponseReturnValue:
    """Hand out everything held about this person."""
    with services().database.transaction(g.workspace.id) as session:
        told = export.read(
            session, g.workspace.id, customer_id, by="staff", staff_id=g.staff.id, now=services().clock.now()
        )
    headers = {"Content-Disposition": f'attachment; filename="customer-{customer_id}.json"'}
    return Response(told, mimetype="application/json", headers=headers)


@bp.get("/customers/<int:customer_id>/erase")
@guard.role("marketer")
def ask_erasure(customer_id: int) -> ResponseReturnValue:
    """Show what an erasure would take."""
    with services().database.transaction(g.workspace.id) as session:
        customer = people.get(session, g.workspace.id, customer_id)
        sums = engagement.get(session, g.workspace.id, customer_id)
        asked = erasures.find(session, g.workspace.id, customer_id)
    back = (name_of(customer), _home(customer_id))
    return shell.page("customers/erase.html", customer=customer, sums=sums, asked=asked, back=back)


@bp.post("/customers/<int:customer_id>/erase")
@guard.role("marketer")
def erase_customer(customer_id: int) -> ResponseReturnValue:
    """Have this person erased in a day; mail to them stops now."""
    with services().database.transaction(g.workspace.id) as session:
        erasures.ask(
            session, g.workspace.id, customer_id, by=erasures.STAFF, staff_id=g.staff.id, now=services().clock.now()
        )  # fmt: skip
    undo = url_for("customers.keep_customer", customer_id=customer_id)
    return shell.back(_home(customer_id), _("This customer is erased in a day. Mail to them has stopped."), undo=undo)


@bp.post("/customers/<int:customer_id>/keep")
@guard.role("marketer")
def keep_customer(customer_id: int) -> ResponseReturnValue:
    """Take an erasure back."""
    try:
        with services().database.transaction(g.workspace.id) as session:
            erasures.take_back(
                session, g.workspace.id, customer_id, staff_id=g.staff.id, now=services().clock.now()
            )  # fmt: skip
    except erasures.NotAsked as refusal:
        return shell.back(url_for("customers.show_customers"), errors.say(refusal), tone="danger")
    return shell.back(_home(customer_id), _("This customer stays."))


def erasure_panel(session: Session, workspace_id: int, customer_id: CustomerId, now: datetime) -> str:
    """Draw that somebody is to be erased, with the way back."""
    asked = erasures.find(session, workspace_id, customer_id)
    return render_template("customers/erasure_panel.html", asked=asked) if asked else ""


def _home(customer_id: int) -> str:
    return url_for("customers.show_customer", customer_id=customer_id)
