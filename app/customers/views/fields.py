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


@bp.post("/customers/fields/<int:field_id>/retire")
@guard.role("owner")
def retire_field(field_id: int) -> ResponseReturnValue:
    """Take a field away from pages, segments and templates; its values stay."""
    with services().database.transaction(g.workspace.id) as session:
        fields.retire(session, g.workspace.id, field_id, now=services().clock.now())
    undo = url_for("customers.bring_field_back", field_id=field_id)
    return shell.back(url_for("customers.show_fields"), _("Field retired. Its values are kept."), undo=undo)


@bp.post("/customers/fields/<int:field_id>/bring-back")
@guard.role("owner")
def bring_field_back(field_id: int) -> ResponseReturnValue:
    """Take a retired field into use again."""
    try:
        with services().database.transaction(g.workspace.id) as session:
            fields.bring_back(session, g.workspace.id, field_id)
    except fields.FieldRefused as refusal:
        return shell.back(url_for("customers.show_fields"), _(refusal.message), tone="warning")
    return shell.back(url_for("customers.show_fields"), _("The field is in use again."))


@bp.post("/customers/fields/<int:field_id>/remove")
@guard.role("owner")
def remove_field(field_id: int) -> ResponseReturnValue:
    """Forget a field for good."""
    with services().database.transaction(g.workspace.id) as session:
        fields.remove(session, g.workspace.id, field_id)
    return shell.back(url_for("customers.show_fields"), _("Field deleted."))


def _page(form: FieldForm) -> str:
    with services().database.transaction(g.workspace.id) as session:
        known = fields.list_custom(session, g.workspace.id)
        retired = fields.list_retired(session, g.workspace.id)
    return shell.page("customers/fields.html", form=form, fields=known, retired=retired)
