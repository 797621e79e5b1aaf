"""Somebody's place in an organisation: added on its page or on theirs, changed, taken away."""

from __future__ import annotations

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.customers.models import Customer
from app.customers.organisations import listing, member_queries, members, organisations
from app.customers.organisations.members import MemberRefused
from app.customers.profiles import people
from app.customers.relations.forms import MemberForm, NewMemberForm, WorkplaceForm
from app.customers.views.blueprint import bp
from app.customers.views.organisations import page_of
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.kernel.translatable import N_
from app.web import guard, shell


@bp.get("/customers/organisations/<int:organisation_id>/people/new")
@guard.role("marketer")
def new_member(organisation_id: int) -> ResponseReturnValue:
    """Show the form for somebody more."""
    return _member_page(organisation_id, NewMemberForm(formdata=None))


@bp.post("/customers/organisations/<int:organisation_id>/people/new")
@guard.role("marketer")
def add_member(organisation_id: int) -> ResponseReturnValue:
    """Add somebody to the organisation."""
    form = NewMemberForm()
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                customer = require_person(session, form.person.data)
                members.put(session, customer, organisation_id, form.values(), now=services().clock.now())
            return shell.back(page_of(organisation_id), _("Person added."))
    except Refusal as refusal:
        form.refuse(refusal)
    return _member_page(organisation_id, form), 422


@bp.get("/customers/organisations/<int:organisation_id>/people/<int:customer_id>")
@guard.role("marketer")
def edit_member(organisation_id: int, customer_id: int) -> ResponseReturnValue:
    """Show what is known of somebody's place there."""
    with services().database.transaction(g.workspace.id) as session:
        form = MemberForm(
            formdata=None, obj=member_queries.get(session, g.workspace.id, organisation_id, customer_id)
        )
    form.show()
    return _member_page(organisation_id, form, customer_id)


@bp.post("/customers/organisations/<int:organisation_id>/people/<int:customer_id>")
@guard.role("marketer")
def change_member(organisation_id: int, customer_id: int) -> ResponseReturnValue:
    """Keep what was changed."""
    form = MemberForm()
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                customer = people.get(session, g.workspace.id, customer_id)
                people.hold(session, customer)
                known = member_queries.get(session, g.workspace.id, organisation_id, customer_id)
                written = form.rebase(MemberForm(formdata=None, obj=known))
                given = form.values(written)
                members.put(session, customer, organisation_id, given, now=services().clock.now())
            return shell.back(_from(organisation_id, customer_id), _("Changes saved."))
    except Refusal as refusal:
        form.refuse(refusal)
    return _member_page(organisation_id, form, customer_id), 422


@bp.post("/customers/organisations/<int:organisation_id>/people/<int:customer_id>/remove")
@guard.role("marketer")
def remove_member(organisation_id: int, customer_id: int) -> ResponseReturnValue:
    """Take somebody out of the organisation."""
    with services().database.transaction(g.workspace.id) as session:
        customer = people.get(session, g.workspace.id, customer_id)
        undo = members.remove(
            session, customer, organisation_id, staff_id=g.staff.id, now=services().clock.now()
        )
    return shell.back(_from(organisation_id, customer_id), _("Person taken out of the organisation."), undo=undo)


@bp.get("/customers/<int:customer_id>/organisations/new")
@guard.role("marketer")
def new_workplace(customer_id: int) -> ResponseReturnValue:
    """Show the form for an organisation of this person."""
    return _workplace_page(customer_id, WorkplaceForm(formdata=None))


@bp.post("/customers/<int:customer_id>/organisations/new")
@guard.role("marketer")
def add_workplace(customer_id: int) -> ResponseReturnValue:
    """Say that this person is at an organisation; a new name adds it."""
    form, now = WorkplaceForm(), services().clock.now()
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                customer = people.get(session, g.workspace.id, customer_id)
                words = form.organisation.data or ""
                found = organisations.find_named(session, g.workspace.id, words)
                if found is None:
                    found = organisations.add(session, g.workspace.id, {"name": words}, now=now)
                members.put(session, customer, found.id, form.values(), now=now)
            return shell.back(_home(customer_id), _("Organisation added."))
    except Refusal as refusal:
        refusal.field = "organisation" if refusal.field == "name" else refusal.field
        form.refuse(refusal)
    return _workplace_page(customer_id, form), 422


def require_person(session: Session, words: str | None) -> Customer:
    """Return whoever has this email or customer number; raise MemberRefused."""
    clean = (words or "").strip()
    found = people.find_by_ref(session, g.workspace.id, clean) or people.find_by_email(session, g.workspace.id, clean)
    if found is None:
        raise MemberRefused(N_("There is nobody with this email or customer number."), field="person")
    return found


def _member_page(organisation_id: int, form: MemberForm, customer_id: int | None = None) -> str:
    with services().database.transaction(g.workspace.id) as session:
        organisation = organisations.get(session, g.workspace.id, organisation_id)
        customer = people.get(session, g.workspace.id, customer_id) if customer_id else None
    name = name_of(customer) if customer else None
    back = (_("Customer"), _home(customer_id)) if customer_id and _is_from_person() else None
    return shell.page(
        "customers/member.html",
        organisation=organisation,
        form=form,
        name=name,
        customer_id=customer_id,
        back=back or (organisation.name, page_of(organisation_id)),
    )


def _workplace_page(customer_id: int, form: WorkplaceForm) -> str:
    with services().database.transaction(g.workspace.id) as session:
        customer = people.get(session, g.workspace.id, customer_id)
        offered = listing.names(session, g.workspace.id)
    back = (name_of(customer), _home(customer_id))
    return shell.page("customers/workplace.html", form=form, offered=offered, back=back)


def name_of(customer: Customer) -> str:
    """Return what a page calls this person."""
    return people.name_of(customer) or _("No name")


def _is_from_person() -> bool:
    return request.values.get("from") == "person"


def _from(organisation_id: int, customer_id: int) -> str:
    return _home(customer_id) if _is_from_person() else page_of(organisation_id)


def _home(customer_id: int) -> str:
    return url_for("customers.show_customer", customer_id=customer_id) + "#relations"
