"""The addresses of one customer: adding one, making one primary, labelling and ending one."""

from __future__ import annotations

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.customers.addresses import changes, queries
from app.customers.addresses.changes import NewAddress
from app.customers.forms import AddressForm, LabelForm
from app.customers.profiles import people
from app.customers.views.blueprint import bp
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, shell


@bp.get("/customers/<int:customer_id>/addresses/former")
@guard.role("viewer")
def show_former_addresses(customer_id: int) -> ResponseReturnValue:
    """Show the addresses that are no longer used, the latest first."""
    with services().database.transaction(g.workspace.id) as session:
        customer = people.get(session, g.workspace.id, customer_id)
        after = request.args.get("after", type=int)
        former = queries.list_former(session, g.workspace.id, customer_id, after=after)
    more = None
    if former.more_after:
        more = url_for("customers.show_former_addresses", customer_id=customer_id, after=former.more_after)
    name = " ".join(filter(None, (customer.first_name, customer.last_name))) or customer.email
    return shell.page(
        "customers/former_addresses.html", former=former, more=more, name=name, back=_home(customer_id)
    )


@bp.get("/customers/<int:customer_id>/addresses/new")
@guard.role("marketer", personal_data=guard.SHOWN)
def new_address(customer_id: int) -> ResponseReturnValue:
    """Show the form for another address."""
    return _page(customer_id, AddressForm(formdata=None))


@bp.post("/customers/<int:customer_id>/addresses/new")
@guard.role("marketer", personal_data=guard.SHOWN)
def add_address(customer_id: int) -> ResponseReturnValue:
    """Add an email, a phone number or a postal address."""
    form = AddressForm()
    try:
        if form.validate():
            given = NewAddress(form.kind.data, form.value.data or "", form.label.data or "")
            with services().database.transaction(g.workspace.id) as session:
                customer = people.get(session, g.workspace.id, customer_id)
                changes.add(session, customer, given, source=_source(), now=services().clock.now())
            return shell.back(_home(customer_id), _("Address added."))
    except Refusal as refusal:
        form.refuse(refusal)
    return _page(customer_id, form), 422


@bp.get("/customers/<int:customer_id>/addresses/<int:address_id>/label")
@guard.role("marketer", personal_data=guard.SHOWN)
def edit_label(customer_id: int, address_id: int) -> ResponseReturnValue:
    """Show what this address is called."""
    with services().database.transaction(g.workspace.id) as session:
        found = queries.get(session, g.workspace.id, customer_id, address_id)
        form = LabelForm(formdata=None, label=found.label)
    return _page(customer_id, form, title=found.value)


@bp.post("/customers/<int:customer_id>/addresses/<int:address_id>/label")
@guard.role("marketer", personal_data=guard.SHOWN)
def change_label(customer_id: int, address_id: int) -> ResponseReturnValue:
    """Call this address something else."""
    form = LabelForm()
    with services().database.transaction(g.workspace.id) as session:
        value = queries.get(session, g.workspace.id, customer_id, address_id).value
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                customer = people.get(session, g.workspace.id, customer_id)
                changes.relabel(session, customer, address_id, label=form.label.data or "")
            return shell.back(_home(customer_id), _("Changes saved."))
    except Refusal as refusal:
        form.refuse(refusal)
    return _page(customer_id, form, title=value), 422


@bp.post("/customers/<int:customer_id>/addresses/<int:address_id>/primary")
@guard.role("marketer", personal_data=guard.SHOWN)
def make_primary(customer_id: int, address_id: int) -> ResponseReturnValue:
    """Reach the customer at this address from now on; consent has the last word on mail to it."""
    try:
        with services().database.transaction(g.workspace.id) as session:
            customer = people.get(session, g.workspace.id, customer_id)
            changes.make_primary(session, customer, address_id, source=_source(), now=services().clock.now())
    except changes.AddressEnded as refusal:
        return shell.back(_home(customer_id), _(refusal.message), tone="warning")
    return shell.back(_home(customer_id), _("This address is the primary one now."))


@bp.post("/customers/<int:customer_id>/addresses/<int:address_id>/end")
@guard.role("marketer", personal_data=guard.SHOWN)
def end_address(customer_id: int, address_id: int) -> ResponseReturnValue:
    """End an address; it stays in the history and can be taken back."""
    with services().database.transaction(g.workspace.id) as session:
        customer = people.get(session, g.workspace.id, customer_id)
        undo = changes.end(
            session, customer, address_id, staff_id=g.staff.id, source=_source(), now=services().clock.now()
        )
    return shell.back(_home(customer_id), _("The address is no longer used."), undo=undo)


def _page(customer_id: int, form: AddressForm | LabelForm, *, title: str | None = None) -> str:
    with services().database.transaction(g.workspace.id) as session:
        people.get(session, g.workspace.id, customer_id)
    return shell.page("customers/address.html", form=form, back=_home(customer_id), title=title)


def _home(customer_id: int) -> str:
    return url_for("customers.show_customer", customer_id=customer_id) + "#addresses"


def _source() -> str:
    return f"staff:{g.staff.name}"
