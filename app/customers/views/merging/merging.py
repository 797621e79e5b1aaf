"""Merging two customers: choosing the other one, whose values stay, and taking it back."""

from __future__ import annotations

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.accounts import undo
from app.customers.merging import merge, undoing
from app.customers.merging.merge import Decision
from app.customers.profiles import people
from app.customers.views.blueprint import bp
from app.customers.views.members import name_of, require_person
from app.customers.views.merging import side_by_side
from app.customers.views.merging.choices import chosen
from app.kernel import ids
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import errors, guard, shell
from app.web.forms import Form, LineField, required


class OtherForm(Form):
    """Whom a customer is merged with."""

    person = LineField(_l("Person"), [required], description=_l("Their email or customer number."))


@bp.get("/customers/<int:customer_id>/merge")
@guard.role("marketer", personal_data=guard.SHOWN)
def choose_merge(customer_id: int) -> ResponseReturnValue:
    """Ask for the other customer, or show both side by side."""
    other_id = _other_id()
    return _compare(customer_id, other_id) if other_id else _ask(customer_id, OtherForm(formdata=None))


@bp.post("/customers/<int:customer_id>/merge")
@guard.role("marketer", personal_data=guard.SHOWN)
def merge_customers(customer_id: int) -> ResponseReturnValue:
    """Merge the other customer into this one; or find them first."""
    other_id, now = _other_id(), services().clock.now()
    if not other_id:
        return _find(customer_id)
    try:
        with services().database.transaction(g.workspace.id) as session:
            decision = Decision(customer_id, other_id, staff_id=g.staff.id, choices=chosen())
            made = merge.merge(session, g.workspace.id, decision, now=now)
            again = undo.keep(
                session,
                g.workspace.id,
                kind=undoing.UNDO_MERGE.kind,
                values={"merge_id": made.id},
                staff_id=g.staff.id,
                now=now,
            )
    except (merge.SamePerson, merge.MergedAlready, merge.ToBeErased, merge.RelationsInACircle) as refusal:
        return _compare(customer_id, other_id, refusal=refusal), refusal.status
    return shell.back(_home(customer_id), _("They are one customer now."), undo=again)


@bp.post("/customers/<int:customer_id>/merges/<int:merge_id>/undo")
@guard.role("marketer")
def undo_merge(customer_id: int, merge_id: int) -> ResponseReturnValue:
    """Make two customers of them again."""
    try:
        with services().database.transaction(g.workspace.id) as session:
            undoing.take_back(
                session, g.workspace.id, merge_id, staff_id=g.staff.id, now=services().clock.now()
            )  # fmt: skip
    except (undoing.UndoLaterFirst, undoing.CannotUndo, merge.ToBeErased) as refusal:
        return shell.back(_home(customer_id), errors.say(refusal), tone="danger")
    return shell.back(_home(customer_id), _("They are two customers again."))


def _find(customer_id: int) -> ResponseReturnValue:
    form = OtherForm()
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                people.get(session, g.workspace.id, customer_id)
                other = require_person(session, form.person.data)
            if other.id == customer_id:
                raise merge.SamePerson(field="person")
            return redirect(url_for("customers.choose_merge", customer_id=customer_id, other=other.id), 303)
    except Refusal as refusal:
        form.refuse(refusal)
    return _ask(customer_id, form), 422


def _ask(customer_id: int, form: OtherForm) -> str:
    with services().database.transaction(g.workspace.id) as session:
        customer = people.get(session, g.workspace.id, customer_id)
    return shell.page("customers/merge_with.html", form=form, back=(name_of(customer), _home(customer_id)))


def _compare(customer_id: int, other_id: int, refusal: Refusal | None = None) -> str:
    with services().database.transaction(g.workspace.id) as session:
        survivor = people.get(session, g.workspace.id, customer_id)
        former = people.get(session, g.workspace.id, other_id)
        both = side_by_side.read(session, survivor, former, chosen())
    return shell.page(
        "customers/merge.html",
        both=both,
        names=side_by_side.names_of(survivor, former),
        refusal=errors.say(refusal) if refusal else None,
        back=(name_of(survivor), _home(customer_id)),
    )


def _other_id() -> int:
    return request.values.get("other", 0, type=ids.read) or 0


def _home(customer_id: int) -> str:
    return url_for("customers.show_customer", customer_id=customer_id)
