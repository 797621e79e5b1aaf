"""The workspace's own fields."""

from __future__ import annotations

from flask import g, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.customers.forms import FieldForm
from app.customers.profiles import fields
from app.customers.views.blueprint import bp
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, shell


@bp.get("/customers/fields")
@guard.role("viewer")
def show_fields() -> ResponseReturnValue:
    """Show what is known beyond the built-in fields."""
    return _page(FieldForm(formdata=None))


@bp.post("/customers/fields")
@guard.role("marketer")
def add_field() -> ResponseReturnValue:
    """Add a typed field."""
    form = FieldForm()
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                fields.create(
                    session,
                    g.workspace.id,
                    key=form.key.data or "",
                    label=form.label.data or "",
                    kind=form.kind.data,
                    choices=(form.choices.data or "").splitlines(),
                )
            return shell.back(url_for("customers.show_fields"), _("Field added."))
    except Refusal as refusal:
        form.refuse(refusal)
    return _page(form), 422


@bp.post("/customers/fields/<int:field_id>/remove")
@guard.role("owner")
def remove_field(field_id: int) -> ResponseReturnValue:
    """Take a field away from pages, segments and templates."""
    with services().database.transaction(g.workspace.id) as session:
        fields.remove(session, g.workspace.id, field_id)
    return shell.back(url_for("customers.show_fields"), _("Field deleted."))


def _page(form: FieldForm) -> str:
    with services().database.transaction(g.workspace.id) as session:
        known = fields.list_custom(session, g.workspace.id)
    return shell.page("customers/fields.html", form=form, fields=known)
