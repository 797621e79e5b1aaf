"""What was spent on a customer and what they bought elsewhere: added and taken back; and the rates of the workspace."""

from __future__ import annotations

from flask import g, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts import workspaces
from app.commerce.costs import competitors, costs
from app.commerce.views.blueprint import bp
from app.commerce.views.cost_forms import CompetitorForm, CostForm, RatesForm
from app.customers.profiles import people
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, shell
from app.web.forms import Form


@bp.get("/customers/<int:customer_id>/costs/new")
@guard.role("marketer")
def new_cost(customer_id: int) -> ResponseReturnValue:
    """Show the form for a cost."""
    form = CostForm(formdata=None)
    form.spent_on.data = services().clock.now().date()
    return _page("commerce/new_cost.html", form, customer_id), 200


@bp.post("/customers/<int:customer_id>/costs/new")
@guard.role("marketer")
def add_cost(customer_id: int) -> ResponseReturnValue:
    """Note what was spent on them."""
    form, now = CostForm(), services().clock.now()
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                by = {"source": "staff", "staff_id": g.staff.id}
                costs.add(session, g.workspace.id, customer_id, form.new(), now=now, **by)
            return shell.back(_customer(customer_id), _("Cost saved."))
    except Refusal as refusal:
        form.refuse(refusal)
    return _page("commerce/new_cost.html", form, customer_id), 422


@bp.post("/costs/<int:cost_id>/delete")
@guard.role("marketer")
def remove_cost(cost_id: int) -> ResponseReturnValue:
    """Delete a cost."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        customer_id = costs.get(session, g.workspace.id, cost_id).customer_id
        again = costs.remove(session, g.workspace.id, cost_id, staff_id=g.staff.id, now=now)
    return shell.back(_customer(customer_id), _("Cost deleted."), undo=again)


@bp.get("/customers/<int:customer_id>/competitors/new")
@guard.role("marketer")
def new_competitor_purchase(customer_id: int) -> ResponseReturnValue:
    """Show the form for something bought elsewhere."""
    return _page("commerce/new_competitor_purchase.html", CompetitorForm(formdata=None), customer_id), 200


@bp.post("/customers/<int:customer_id>/competitors/new")
@guard.role("marketer")
def add_competitor_purchase(customer_id: int) -> ResponseReturnValue:
    """Note what they bought elsewhere."""
    form, now = CompetitorForm(), services().clock.now()
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                competitors.add(session, g.workspace.id, customer_id, form.new(), staff_id=g.staff.id, now=now)
            return shell.back(_customer(customer_id), _("Purchase saved."))
    except Refusal as refusal:
        form.refuse(refusal)
    return _page("commerce/new_competitor_purchase.html", form, customer_id), 422


@bp.post("/competitors/<int:purchase_id>/delete")
@guard.role("marketer")
def remove_competitor_purchase(purchase_id: int) -> ResponseReturnValue:
    """Delete something bought elsewhere."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        customer_id = competitors.get(session, g.workspace.id, purchase_id).customer_id
        again = competitors.remove(session, g.workspace.id, purchase_id, staff_id=g.staff.id, now=now)
    return shell.back(_customer(customer_id), _("Purchase deleted."), undo=again)


@bp.get("/settings/costs")
@guard.role("owner")
def edit_rates() -> ResponseReturnValue:
    """Show what a minute and a mail cost."""
    with services().database.transaction(g.workspace.id) as session:
        known = costs.rates(session, g.workspace.id)
    form = RatesForm(formdata=None, obj=known)
    form.show()
    return _rates_page(form), 200


@bp.post("/settings/costs")
@guard.role("owner")
def change_rates() -> ResponseReturnValue:
    """Keep what was changed; what its author left alone stays as it is on record."""
    form, now = RatesForm(), services().clock.now()
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                workspaces.hold(session, g.workspace.id)
                form.rebase(RatesForm(formdata=None, obj=costs.rates(session, g.workspace.id)))
                costs.set_rates(session, g.workspace.id, form.rates(), staff_id=g.staff.id, now=now)
            return shell.back(url_for("commerce.edit_rates"), _("Rates saved."))
    except Refusal as refusal:
        form.refuse(refusal)
    return _rates_page(form), 422


def _customer(customer_id: int) -> str:
    return url_for("customers.show_customer", customer_id=customer_id)


def _page(template: str, form: Form, customer_id: int) -> str:
    with services().database.transaction(g.workspace.id) as session:
        name = people.name_of(people.get(session, g.workspace.id, customer_id))
        currency = workspaces.get(session, g.workspace.id).currency or "EUR"
    return shell.page(template, form=form, customer_id=customer_id, customer_name=name, currency=currency)


def _rates_page(form: RatesForm) -> str:
    with services().database.transaction(g.workspace.id) as session:
        currency = workspaces.get(session, g.workspace.id).currency or "EUR"
    return shell.page("commerce/rates.html", form=form, currency=currency)
