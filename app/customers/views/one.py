"""The page of one customer: profile, provenance and timeline; editing, and notes of calls and visits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.customers.addresses import changes, queries
from app.customers.card import sections
from app.customers.card.sections import CardLine, Section
from app.customers.customer_id import CustomerId
from app.customers.field_kinds import forms as field_controls
from app.customers.field_kinds.forms import names_of
from app.customers.forms import ContactForm, customer_form, values_of
from app.customers.history import history
from app.customers.history.history import Former
from app.customers.life_cycle import moving
from app.customers.merging import aliases
from app.customers.models import Customer
from app.customers.profiles import engagement, fields, identity, inferred_scores, people, provenance
from app.customers.relations import belonging
from app.customers.timeline import contacts, timeline
from app.customers.timeline.contacts import Contact
from app.customers.views import life_cycle
from app.customers.views.blueprint import bp
from app.customers.views.card import in_words
from app.customers.views.erasing import erasing
from app.customers.views.members import name_of
from app.customers.views.panels import CustomerPanels
from app.customers.words import LABELS, STAGES
from app.kernel import ids
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.kernel.translatable import N_
from app.web import guard, language, shell

# So many entries are shown before one asks for more; the page has other things to say.
AT_FIRST = 10
MOST_NEXT = 4
# The others are folded.
SHOWN_FACTS = 10
CHANNELS = (
    ("", N_("Everything")),
    ("mail", N_("Mails")),
    ("purchase", N_("Purchases")),
    ("call", N_("Calls")),
    ("visit", N_("Visits")),
    ("letter", N_("Letters")),
    ("support", N_("Support")),
    ("feedback", N_("Feedback")),
    ("note", N_("Notes")),
    ("event", N_("Events")),
    ("consent", N_("Consent")),
)


@bp.get("/customers/<int:customer_id>")
@guard.role("viewer")
def show_customer(customer_id: int) -> ResponseReturnValue:
    """Show one customer, as a page or in a panel next to the list; an old number leads to whom they became part of."""
    with services().database.transaction(g.workspace.id) as session:
        survivor_id = aliases.current_id(session, g.workspace.id, customer_id)
    if survivor_id != customer_id:
        return redirect(url_for("customers.show_customer", customer_id=survivor_id))
    if shell.is_live() and request.headers.get("HX-Target") == "panel":
        with services().database.transaction(g.workspace.id) as session:
            values = _known(session, customer_id)
        list_url = url_for("customers.show_customers")
        return shell.side_panel("customers/customer_panel.html", behind=list_url, title=values["name"], **values)
    return _page(customer_id, ContactForm(formdata=None))


@bp.get("/customers/<int:customer_id>/timeline")
@guard.role("viewer")
def show_more(customer_id: int) -> ResponseReturnValue:
    """Show what happened before."""
    with services().database.transaction(g.workspace.id) as session:
        page = timeline.read(session, g.workspace.id, customer_id, channel=_channel(), after=_position())
    return shell.page("customers/timeline.html", page=page, customer_id=customer_id, more=_more(customer_id, page))


@bp.get("/customers/<int:customer_id>/edit")
@guard.role("marketer", personal_data=guard.SHOWN)
def edit(customer_id: int) -> ResponseReturnValue:
    """Show what may be changed."""
    with services().database.transaction(g.workspace.id) as session:
        customer = people.get(session, g.workspace.id, customer_id)
        custom = fields.list_custom(session, g.workspace.id)
        form = customer_form(customer, custom, names_of(session, g.workspace.id, customer, custom))
    form.show()
    return _edit_page(customer, custom, form)


@bp.post("/customers/<int:customer_id>/edit")
@guard.role("marketer", personal_data=guard.SHOWN)
def change(customer_id: int) -> ResponseReturnValue:
    """Take the changes over; each value remembers who changed it."""
    source, now = f"staff:{g.staff.name}", services().clock.now()
    form: Any = None
    try:
        with services().database.transaction(g.workspace.id) as session:
            customer = people.get(session, g.workspace.id, customer_id)
            custom = fields.list_custom(session, g.workspace.id)
            people.hold(session, customer)
            names = names_of(session, g.workspace.id, customer, custom)
            form = customer_form(customer, custom, names)
            written = form.rebase(customer_form(customer, custom, names, formdata=None))
            if form.email.data and form.email.data != customer.email:
                changes.change_email(session, customer, email=form.email.data, source=source, now=now)
            people.change(session, customer, values_by_name=values_of(form, custom, written), source=source, now=now)
    except Refusal as refusal:
        if form is None:
            raise
        form.refuse(refusal)
        with services().database.transaction(g.workspace.id) as session:
            customer = people.get(session, g.workspace.id, customer_id)
        return _edit_page(customer, custom, form), 422
    return shell.back(url_for("customers.show_customer", customer_id=customer_id), _("Changes saved."))


@bp.post("/customers/<int:customer_id>/notes")
@guard.role("marketer")
def add_note(customer_id: int) -> ResponseReturnValue:
    """Log a call, a visit, a remark, support or feedback; one click says what it was, a second who began it."""
    form = ContactForm()
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                people.get(session, g.workspace.id, customer_id)
                undo = contacts.log(
                    session, g.workspace.id, customer_id, _contact(form), now=services().clock.now()
                )
            url = url_for("customers.show_customer", customer_id=customer_id)
            return shell.back(url, _("Added to the timeline."), undo=undo)
    except Refusal as refusal:
        form.refuse(refusal)
    return _page(customer_id, form), 422


def _contact(form: ContactForm) -> Contact:
    score = int(form.score.data) if form.score.data else None
    direction = form.direction.data or contacts.IN
    return Contact(form.how.data, form.words.data or "", g.staff.id, g.staff.name, direction, score)


def _page(customer_id: int, form: ContactForm) -> str:
    with services().database.transaction(g.workspace.id) as session:
        values = _known(session, customer_id)
    panels = services().extensions.get(CustomerPanels)
    drawn = panels.render(CustomerId(customer_id))
    first_drawn = CustomerPanels((erasing.erasure_panel,)).render(CustomerId(customer_id))
    return shell.page("customers/customer.html", drawn=drawn, first_drawn=first_drawn, **{**values, "note": form})


def _known(session: Session, customer_id: int) -> dict[str, Any]:
    customer = people.get(session, g.workspace.id, customer_id)
    page = timeline.read(session, g.workspace.id, customer_id, channel=_channel(), limit=AT_FIRST)
    return {
        "customer": customer,
        "name": name_of(customer),
        "sums": engagement.get(session, g.workspace.id, customer_id),
        "traits": inferred_scores.find(session, g.workspace.id, customer_id),
        "facts": (facts := _facts(session, customer)),
        "knowledge": provenance.matrix(origin for _label, _value, origin in facts),
        "shown_facts": SHOWN_FACTS,
        "stages": STAGES,
        "former_values": _former(session, customer),
        "life": _life(session, customer),
        "todo": _todo(session, customer_id),
        "addresses": queries.list_living(session, g.workspace.id, customer_id),
        "former": queries.list_former(session, g.workspace.id, customer_id),
        "belongs": belonging.read(session, g.workspace.id, customer_id),
        "page": page,
        "more": _more(customer_id, page),
        "channels": _channels(customer_id),
        "note": ContactForm(formdata=None),
        "currency": workspaces.get(session, g.workspace.id).currency or "EUR",
    }


def _todo(session: Session, customer_id: int) -> list[tuple[str, CardLine]]:
    """Return what there is to do and what is due, the next step first, once each."""
    found = sections.read(session, g.workspace.id, customer_id, now=services().clock.now())
    lines = [line for section in (Section.NEXT, Section.TASKS, Section.DUE) for line in found[section]]
    told = in_words(lines)
    return list({text: (text, line) for text, line in reversed(told)}.values())[::-1][:MOST_NEXT]


def _facts(session: Session, customer: Customer) -> list[tuple[str, Any, provenance.Origin | None]]:
    """Return (label, value, origin) of everything known, profile first."""
    custom = fields.list_custom(session, g.workspace.id)
    built_in = ("email", *fields.PROFILE, *identity.IDENTITY)
    names = [*built_in, "tags", *(f"custom.{field.key}" for field in custom)]
    origins = provenance.explain(session, g.workspace.id, customer.provenance, names)
    things = names_of(session, g.workspace.id, customer, custom)
    profile = [(_(LABELS[name]), _said(name, customer), origins.get(name)) for name in built_in]
    own = [
        (
            field.label,
            field_controls.in_words(field, customer.custom[field.key], things),
            origins.get(f"custom.{field.key}"),
        )
        for field in custom
        if field.key in customer.custom
    ]
    return [fact for fact in [*profile, *own] if fact[1] is not None]


def _life(session: Session, customer: Customer) -> list[tuple[str, datetime, str, str]]:
    """Return (stage, since when, why, what they were until then) of each move of the life cycle, the latest first."""
    return [
        (_(STAGES[move.stage]), move.at, life_cycle.reason(move.stage, move.facts), life_cycle.pattern(move.facts))
        for move in moving.history(session, g.workspace.id, customer.id)
    ]


def _former(session: Session, customer: Customer) -> list[tuple[str, Any, Former]]:
    """Return (label, value, what became of it) of what was known before, the latest first."""
    custom = {f"custom.{field.key}": field for field in fields.list_custom(session, g.workspace.id)}
    found = history.read(session, g.workspace.id, customer.id)
    told = []
    for each in found:
        own = custom.get(each.name)
        label = own.label if own else _(LABELS[each.name]) if each.name in LABELS else each.name
        value = field_controls.in_words(own, each.value, {}) if own else _former_word(each.name, each.value)
        told.append((label, value, each))
    return told


def _former_word(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if name in identity.CHOICES:
        return _(identity.CHOICES[name].get(value, value))
    say = {"country": language.country, "language": language.language_name}.get(name)
    return say(value) if say else value


def _said(name: str, customer: Customer) -> Any:
    """Return the value as a reader says it: Germany instead of DE."""
    value = getattr(customer, name)
    if value is None:
        return None
    if name in identity.CHOICES:
        return _(identity.CHOICES[name][value])
    if name in identity.DATES:
        return language.day(value)
    say = {"country": language.country, "language": language.language_name}.get(name)
    return say(value) if say else value


def _edit_page(customer: Customer, custom: Any, form: Any) -> str:
    own = [form[f"custom_{field.key}"] for field in custom]
    profile = [form[name] for name in (*fields.PROFILE, *identity.IDENTITY)]
    return shell.page(
        "customers/edit.html", customer=customer, name=name_of(customer), form=form, profile=profile, own=own
    )



def _channel() -> str:
    asked = request.args.get("channel", "")
    return asked if asked in dict(CHANNELS) else ""


def _channels(customer_id: int) -> list[tuple[str, str, bool, bool]]:
    """Return the chips that narrow the timeline."""
    here = _channel()
    return [(_(label), _narrowed_url(customer_id, name), name == here, True) for name, label in CHANNELS]


def _narrowed_url(customer_id: int, channel: str) -> str:
    return url_for("customers.show_customer", customer_id=customer_id, channel=channel or None, _anchor="timeline")


def _position() -> timeline.Position | None:
    try:
        return timeline.Position(datetime.fromisoformat(request.args["until"]), request.args.get("shown", 0, ids.read))
    except (KeyError, ValueError):
        return None


def _more(customer_id: int, page: timeline.Page) -> str | None:
    if page.following is None:
        return None
    until = page.following.at.isoformat().replace("+00:00", "Z")
    position: dict[str, Any] = {"until": until, "shown": page.following.shown, "channel": _channel() or None}
    return url_for("customers.show_more", customer_id=customer_id, **position)
