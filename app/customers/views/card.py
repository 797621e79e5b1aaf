"""The customer card, and the page where a workspace chooses its fields."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import g, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.customers.card import card, sections
from app.customers.card.card import CardField
from app.customers.card.sections import CardLine
from app.customers.field_kinds import forms as field_controls
from app.customers.field_kinds.forms import Names
from app.customers.forms import CardForm
from app.customers.models import Customer
from app.customers.profiles import identity, people
from app.customers.views.blueprint import bp
from app.customers.views.members import name_of
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, language, shell


@bp.get("/customers/<int:customer_id>/card")
@guard.role("viewer")
def show_card(customer_id: int) -> ResponseReturnValue:
    """Show one customer on one screen, to be read or printed."""
    with services().database.transaction(g.workspace.id) as session:
        customer = people.get(session, g.workspace.id, customer_id)
        made = card.read(session, customer, now=services().clock.now())
        own = [field.own for field in made.fields if field.own]
        names = field_controls.names_of(session, g.workspace.id, customer, own)
    told = [(_label(field), _said(customer, field, made.currency, names)) for field in made.fields]
    return shell.page(
        "customers/card.html",
        card=made,
        name=name_of(customer),
        told=[(label, value) for label, value in told if value not in (None, "")],
        sections=[(section, _(sections.TITLES[section]), in_words(found)) for section, found in made.sections.items()],
    )


@bp.get("/customers/card")
@guard.role("marketer")
def choose_card() -> ResponseReturnValue:
    """Show what may be on the card."""
    with services().database.transaction(g.workspace.id) as session:
        form = CardForm(formdata=None, fields=list(card.chosen(session, g.workspace.id)))
        form.offer(card.choices(session, g.workspace.id))
    return shell.page("customers/choose_card.html", form=form)


@bp.post("/customers/card")
@guard.role("marketer")
def keep_card() -> ResponseReturnValue:
    """Put the chosen fields on the card of every customer."""
    form = CardForm()
    with services().database.transaction(g.workspace.id) as session:
        form.offer(card.choices(session, g.workspace.id))
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                card.choose(session, g.workspace.id, form.fields.data or [])
            return shell.back(url_for("customers.show_customers"), _("Changes saved."))
    except Refusal as refusal:
        form.refuse(refusal)
    return shell.page("customers/choose_card.html", form=form), 422


def in_words(found: list[CardLine]) -> list[tuple[str, CardLine]]:
    """Return each line in words, with itself."""
    days = [
        {name: language.day(value) if isinstance(value, date) else value for name, value in line.values.items()}
        for line in found
    ]
    return [(_(line.title, **values), line) for line, values in zip(found, days, strict=True)]


def _label(field: CardField) -> str:
    return field.label if field.own else _(field.label)


def _said(customer: Customer, field: CardField, currency: str, names: Names) -> Any:
    """Return the value as a reader says it."""
    value, name = field.value, field.name
    if value is None or value == []:
        return None
    if field.own:
        value = field_controls.in_words(field.own, value, names)
    elif name in identity.CHOICES:
        return _(identity.CHOICES[name][value])
    say: dict[str, Callable[[Any], Any]] = {
        "birth_date": language.day,
        "country": language.country,
        "language": language.language_name,
        "spent": lambda spent: language.money(spent, currency) if spent else None,
        "tags": ", ".join,
    }
    if name in say:
        return say[name](value)
    if name.endswith("_at"):
        return language.day(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return language.number(value) if isinstance(value, int | float) else value
