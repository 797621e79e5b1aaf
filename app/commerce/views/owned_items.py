"""What a customer owns: the form to add or change it, and its end."""

from __future__ import annotations

from dataclasses import replace

from flask import g, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.commerce.forms import OwnedItemForm
from app.commerce.owned_items import items
from app.commerce.views.blueprint import bp
from app.customers.profiles import people
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, shell


@bp.get("/customers/<int:customer_id>/items/new")
@guard.role("marketer")
def new_item(customer_id: int) -> ResponseReturnValue:
    """Show the form for something they own."""
    with services().database.transaction(g.workspace.id) as session:
        people.get(session, g.workspace.id, customer_id)
    return _page(OwnedItemForm(formdata=None), customer_id), 200


@bp.post("/customers/<int:customer_id>/items/new")
@guard.role("marketer")
def add_item(customer_id: int) -> ResponseReturnValue:
    """Note something they own."""
    form, now = OwnedItemForm(), services().clock.now()
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                by = {"source": "staff", "staff_id": g.staff.id}
                items.add(session, g.workspace.id, customer_id, form.account(), now=now, **by)
            return shell.back(_customer(customer_id), _("Item saved."))
    except Refusal as refusal:
        form.refuse(refusal)
    return _page(form, customer_id), 422


@bp.get("/items/<int:item_id>/edit")
@guard.role("marketer")
def edit_item(item_id: int) -> ResponseReturnValue:
    """Show the form with what is known."""
    with services().database.transaction(g.workspace.id) as session:
        item = items.get(session, g.workspace.id, item_id)
        known = items.account_of(session, item)
    form = OwnedItemForm(formdata=None, obj=known)
    form.show()
    return _page(form, item.customer_id, is_known=True), 200


@bp.post("/items/<int:item_id>/edit")
@guard.role("marketer")
def change_item(item_id: int) -> ResponseReturnValue:
    """Keep what was changed; what its author left alone stays as it is on record."""
    form, now = OwnedItemForm(), services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        item = items.hold(session, g.workspace.id, item_id)
        customer_id = item.customer_id
        if form.validate():
            form.rebase(OwnedItemForm(formdata=None, obj=items.account_of(session, item)))
            try:
                # Somebody may have ended it while the form was open.
                account = replace(form.account(), ended_on=item.ended_on)
                items.rewrite(session, item, account, source="staff", staff_id=g.staff.id, now=now)
                return shell.back(_customer(customer_id), _("Item saved."))
            except Refusal as refusal:
                form.refuse(refusal)
    return _page(form, customer_id, is_known=True), 422


@bp.post("/items/<int:item_id>/end")
@guard.role("marketer")
def end_item(item_id: int) -> ResponseReturnValue:
    """Note that they own it no more."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        again = items.end(session, g.workspace.id, item_id, staff_id=g.staff.id, now=now)
        customer_id = items.get(session, g.workspace.id, item_id).customer_id
    return shell.back(_customer(customer_id), _("The item is no longer owned."), undo=again)


def _customer(customer_id: int) -> str:
    return url_for("customers.show_customer", customer_id=customer_id)


def _page(form: OwnedItemForm, customer_id: int, *, is_known: bool = False) -> str:
    with services().database.transaction(g.workspace.id) as session:
        name = people.name_of(people.get(session, g.workspace.id, customer_id))
    return shell.page(
        "commerce/edit_item.html", form=form, customer_id=customer_id, customer_name=name, is_known=is_known
    )
