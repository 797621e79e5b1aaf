"""Whom a customer is related to: added, ended and taken back; their household."""

from __future__ import annotations

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.customers.profiles import people
from app.customers.relations import households, related
from app.customers.relations.forms import HOUSEHOLD, RelationForm
from app.customers.views.blueprint import bp
from app.customers.views.members import name_of, require_person
from app.kernel import ids
from app.kernel.refusals import NotFound, Refusal
from app.kernel.services import services
from app.web import guard, shell


@bp.get("/customers/<int:customer_id>/relations/new")
@guard.role("marketer")
def new_relation(customer_id: int) -> ResponseReturnValue:
    """Show the form for somebody related."""
    return _page(customer_id, RelationForm(formdata=None))


@bp.post("/customers/<int:customer_id>/relations/new")
@guard.role("marketer")
def add_relation(customer_id: int) -> ResponseReturnValue:
    """Say what somebody else is to this person."""
    form, now = RelationForm(), services().clock.now()
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                customer = people.get(session, g.workspace.id, customer_id)
                other = require_person(session, form.person.data)
                if form.kind.data == HOUSEHOLD:
                    households.put_together(session, g.workspace.id, [customer, other], now=now)
                else:
                    related.relate(session, customer, other, form.kind.data, now=now)
            return shell.back(_home(customer_id), _("Relation added."))
    except Refusal as refusal:
        form.refuse(refusal)
    return _page(customer_id, form), 422


@bp.post("/customers/<int:customer_id>/relations/end")
@guard.role("marketer")
def end_relation(customer_id: int) -> ResponseReturnValue:
    """End the relation to the person `other`, told as `kind`."""
    other_id = request.form.get("other", 0, type=ids.read) or 0
    with services().database.transaction(g.workspace.id) as session:
        customer = people.get(session, g.workspace.id, customer_id)
        other = people.get(session, g.workspace.id, other_id)
        try:
            undo = related.end_with_undo(
                *(session, customer, other, request.form.get("kind", "")),
                staff_id=g.staff.id,
                now=services().clock.now(),
            )
        except related.RelationRefused:
            raise NotFound from None
    return shell.back(_home(customer_id), _("Relation ended."), undo=undo)


@bp.post("/customers/<int:customer_id>/household/leave")
@guard.role("marketer")
def leave_household(customer_id: int) -> ResponseReturnValue:
    """Take this person out of their household."""
    with services().database.transaction(g.workspace.id) as session:
        customer = people.get(session, g.workspace.id, customer_id)
        undo = households.leave(session, customer, staff_id=g.staff.id, now=services().clock.now())
    return shell.back(_home(customer_id), _("They no longer belong to the household."), undo=undo)


def _page(customer_id: int, form: RelationForm) -> str:
    with services().database.transaction(g.workspace.id) as session:
        customer = people.get(session, g.workspace.id, customer_id)
    return shell.page("customers/relation.html", form=form, back=(name_of(customer), _home(customer_id)))


def _home(customer_id: int) -> str:
    return url_for("customers.show_customer", customer_id=customer_id) + "#relations"
