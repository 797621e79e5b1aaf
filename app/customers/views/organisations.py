"""Organisations: their list, one with its people and its place in the hierarchy, and the form to add or change one."""

from __future__ import annotations

from typing import Any

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts import audit, workspaces
from app.customers.organisations import hierarchy, listing, member_queries, organisations, removal
from app.customers.organisations.buying_centre import ROLES
from app.customers.organisations.listing import Filter
from app.customers.organisations.organisation_values import OrganisationRefused
from app.customers.relations.forms import NewMemberForm, OrganisationForm
from app.customers.relations.models import Organisation
from app.customers.views.blueprint import bp
from app.kernel import ids
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.kernel.translatable import N_
from app.web import guard, shell


@bp.get("/customers/organisations")
@guard.role("viewer")
def list_organisations() -> ResponseReturnValue:
    """Show the organisations by name, narrowed by words `q` and an `industry`."""
    wanted = Filter(_word("q"), _word("industry"))
    after = request.args.get("after", 0, type=ids.read)
    with services().database.transaction(g.workspace.id) as session:
        listed, more = listing.page(session, g.workspace.id, wanted, after=after)
        industries = listing.industries(session, g.workspace.id)
        currency = workspaces.get(session, g.workspace.id).currency
    narrowed: dict[str, Any] = {"q": wanted.search or None, "industry": wanted.industry or None}
    return shell.page(
        "customers/organisations.html",
        listed=listed,
        wanted=wanted,
        industries=industries,
        more=url_for("customers.list_organisations", after=more, **narrowed) if more else None,
        currency=currency or "EUR",
    )


@bp.get("/customers/organisations/<int:organisation_id>")
@guard.role("viewer")
def show_organisation(organisation_id: int) -> ResponseReturnValue:
    """Show one organisation: who is there, in which part, what they bought, what is above and below it."""
    return _page(organisation_id, NewMemberForm(formdata=None))


@bp.get("/customers/organisations/new")
@guard.role("marketer")
def new_organisation() -> ResponseReturnValue:
    """Show the form for a new organisation."""
    return shell.page("customers/edit_organisation.html", form=OrganisationForm(formdata=None), organisation=None)


@bp.post("/customers/organisations/new")
@guard.role("marketer")
def add_organisation() -> ResponseReturnValue:
    """Add an organisation."""
    form, now = OrganisationForm(), services().clock.now()
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                values = {**form.values(), "parent_id": _parent_id(session, form.parent.data)}
                made = organisations.add(session, g.workspace.id, values, now=now)
                audit.note(session, made, "organisation.added", staff_id=g.staff.id, now=now)
            return shell.back(page_of(made.id), _("Organisation added."))
    except Refusal as refusal:
        _refuse(form, refusal)
    return shell.page("customers/edit_organisation.html", form=form, organisation=None), 422


@bp.get("/customers/organisations/<int:organisation_id>/edit")
@guard.role("marketer")
def edit_organisation(organisation_id: int) -> ResponseReturnValue:
    """Show the form with what is known."""
    with services().database.transaction(g.workspace.id) as session:
        organisation = organisations.get(session, g.workspace.id, organisation_id)
        form = _form_of(session, organisation)
    form.show()
    return shell.page("customers/edit_organisation.html", form=form, organisation=organisation)


@bp.post("/customers/organisations/<int:organisation_id>/edit")
@guard.role("marketer")
def change_organisation(organisation_id: int) -> ResponseReturnValue:
    """Keep what was changed; what its author left alone stays as it is on record."""
    form, now = OrganisationForm(), services().clock.now()
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                held = organisations.hold(session, g.workspace.id, organisation_id)
                written = form.rebase(_form_of(session, held))
                values = form.values(written)
                if "parent" in written:
                    values["parent_id"] = _parent_id(session, form.parent.data)
                if organisations.change(session, held, values, now=now):
                    audit.note(session, held, "organisation.changed", staff_id=g.staff.id, now=now)
            return shell.back(page_of(organisation_id), _("Changes saved."))
    except Refusal as refusal:
        _refuse(form, refusal)
    with services().database.transaction(g.workspace.id) as session:
        organisation = organisations.get(session, g.workspace.id, organisation_id)
    return shell.page("customers/edit_organisation.html", form=form, organisation=organisation), 422


@bp.post("/customers/organisations/<int:organisation_id>/delete")
@guard.role("marketer")
def delete_organisation(organisation_id: int) -> ResponseReturnValue:
    """Delete an organisation; its people stay customers."""
    with services().database.transaction(g.workspace.id) as session:
        undo = removal.remove(
            session, g.workspace.id, organisation_id, staff_id=g.staff.id, now=services().clock.now()
        )
    return shell.back(url_for("customers.list_organisations"), _("Organisation deleted."), undo=undo)


def page_of(organisation_id: int) -> str:
    """Return the address of an organisation's page."""
    return url_for("customers.show_organisation", organisation_id=organisation_id)


def _page(organisation_id: int, form: NewMemberForm) -> str:
    after = request.args.get("after", 0, type=ids.read) or 0
    with services().database.transaction(g.workspace.id) as session:
        path = hierarchy.path(session, g.workspace.id, organisation_id)
        organisation = organisations.get(session, g.workspace.id, organisation_id)
        people, more = member_queries.page(session, g.workspace.id, organisation_id, after=after)
        values: dict[str, Any] = {
            "above": path[:-1],
            "below": hierarchy.children(session, g.workspace.id, organisation_id),
            "sums": listing.sums(session, g.workspace.id, organisation_id),
            "taken": member_queries.roles_taken(session, g.workspace.id, organisation_id),
            "currency": workspaces.get(session, g.workspace.id).currency or "EUR",
        }
    next_page = url_for("customers.show_organisation", organisation_id=organisation_id, after=more) if more else None
    return shell.page(
        "customers/organisation.html",
        organisation=organisation,
        people=people,
        more=next_page,
        form=form,
        roles=ROLES,
        **values,
    )


def _form_of(session: Session, organisation: Organisation) -> OrganisationForm:
    above = organisation.parent_id and organisations.get(session, g.workspace.id, organisation.parent_id)
    form = OrganisationForm(formdata=None, obj=organisation)
    form.parent.data = (above.external_ref or above.name) if above else ""
    form.domains.data = ", ".join(organisation.domains)
    return form


def _parent_id(session: Session, words: str | None) -> int | None:
    if not words:
        return None
    found = organisations.find_named(session, g.workspace.id, words)
    if found is None:
        raise OrganisationRefused(N_("There is no organisation of this name or number."), field="parent")
    return found.id


def _refuse(form: OrganisationForm, refusal: Refusal) -> None:
    """Show what is wrong with the organisation above at its own field."""
    refusal.field = "parent" if refusal.field == "organisation" else refusal.field
    form.refuse(refusal)


def _word(name: str) -> str:
    return request.args.get(name, "").replace("\0", "").strip()[:200]
