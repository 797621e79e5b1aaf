"""The catalogue of sources: what each is like, what it cost, and what became of the people it brought."""

from __future__ import annotations

from flask import g, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts import workspaces
from app.customers.profiles import fields
from app.customers.sources import catalogue, coverage, forms, outcomes
from app.customers.sources.coverage import FieldCoverage
from app.customers.sources.forms import SourceForm
from app.customers.sources.models import Source
from app.customers.views.blueprint import bp
from app.customers.words import LABELS
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, shell


@bp.get("/customers/sources")
@guard.role("viewer")
def show_sources() -> ResponseReturnValue:
    """Show where people and what is known of them come from."""
    with services().database.transaction(g.workspace.id) as session:
        found = catalogue.list_all(session, g.workspace.id)
        counted = outcomes.read(session, g.workspace.id)
    today = services().clock.now().date()
    return shell.page("customers/sources.html", sources=found, counted=counted, kinds=catalogue.KINDS, today=today)


@bp.get("/customers/coverage")
@guard.role("viewer")
def show_coverage() -> ResponseReturnValue:
    """Show of how many people each field is known, and how it came to us."""
    with services().database.transaction(g.workspace.id) as session:
        found = coverage.read(session, g.workspace.id)
        own = fields.list_custom(session, g.workspace.id)
    named = [(name, _(LABELS[name])) for name in coverage.NAMES]
    named += [(f"custom.{field.key}", field.label) for field in own]
    lines = [(label, found.fields.get(name, FieldCoverage())) for name, label in named]
    return shell.page("customers/coverage.html", found=found, lines=lines)


@bp.get("/customers/sources/new")
@guard.role("marketer")
def new_source() -> ResponseReturnValue:
    """Ask for a source."""
    return shell.page("customers/source.html", form=SourceForm(formdata=None), source=None)


@bp.post("/customers/sources/new")
@guard.role("marketer")
def add_source() -> ResponseReturnValue:
    """Add a source."""
    form = SourceForm()
    try:
        if form.validate():
            draft = form.draft(_currency())
            with services().database.transaction(g.workspace.id) as session:
                catalogue.add(session, g.workspace.id, draft, staff_id=g.staff.id, now=services().clock.now())
            return shell.back(url_for("customers.show_sources"), _("Source added."))
    except Refusal as refusal:
        form.refuse(refusal)
    return shell.page("customers/source.html", form=form, source=None), 422


@bp.get("/customers/sources/<int:source_id>")
@guard.role("marketer")
def edit_source(source_id: int) -> ResponseReturnValue:
    """Show what may be changed of a source."""
    source = _source(source_id)
    return shell.page("customers/source.html", form=forms.form_of(source), source=source)


@bp.post("/customers/sources/<int:source_id>")
@guard.role("marketer")
def change_source(source_id: int) -> ResponseReturnValue:
    """Change a source."""
    form = SourceForm()
    try:
        if form.validate():
            draft = form.draft(_currency())
            with services().database.transaction(g.workspace.id) as session:
                catalogue.change(
                    session, g.workspace.id, source_id, draft, staff_id=g.staff.id, now=services().clock.now()
                )
            return shell.back(url_for("customers.show_sources"), _("Changes saved."))
    except Refusal as refusal:
        form.refuse(refusal)
    return shell.page("customers/source.html", form=form, source=_source(source_id)), 422


@bp.post("/customers/sources/<int:source_id>/retire")
@guard.role("marketer")
def retire_source(source_id: int) -> ResponseReturnValue:
    """Offer a source to no further file; what it brought stays."""
    with services().database.transaction(g.workspace.id) as session:
        catalogue.retire(session, g.workspace.id, source_id, staff_id=g.staff.id, now=services().clock.now())
    undo = url_for("customers.bring_source_back", source_id=source_id)
    return shell.back(url_for("customers.show_sources"), _("Source retired. What it brought stays."), undo=undo)


@bp.post("/customers/sources/<int:source_id>/bring-back")
@guard.role("marketer")
def bring_source_back(source_id: int) -> ResponseReturnValue:
    """Offer a retired source again."""
    with services().database.transaction(g.workspace.id) as session:
        catalogue.bring_back(session, g.workspace.id, source_id, staff_id=g.staff.id, now=services().clock.now())
    return shell.back(url_for("customers.show_sources"), _("The source is in use again."))


def _currency() -> str:
    """Return the currency of an amount that names none."""
    with services().database.transaction(g.workspace.id) as session:
        return workspaces.get(session, g.workspace.id).currency or "EUR"


def _source(source_id: int) -> Source:
    with services().database.transaction(g.workspace.id) as session:
        return catalogue.get(session, g.workspace.id, source_id)
