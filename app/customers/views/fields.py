"""The workspace's own fields."""

from __future__ import annotations

from flask import g, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.customers.field_kinds import references
from app.customers.field_kinds.known import KINDS
from app.customers.forms import FieldForm, FieldNameForm, GroundForm
from app.customers.models import CustomField
from app.customers.profiles import fields, sensitive
from app.customers.profiles.fields import FieldDraft
from app.customers.views.blueprint import bp
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, shell


@bp.get("/customers/fields")
@guard.role("viewer")
def show_fields() -> ResponseReturnValue:
    """Show what is known beyond the built-in fields."""
    with services().database.transaction(g.workspace.id) as session:
        form = _offering(session, FieldForm(formdata=None))
    return _page(form)


@bp.post("/customers/fields")
@guard.role("marketer")
def add_field() -> ResponseReturnValue:
    """Add a typed field."""
    with services().database.transaction(g.workspace.id) as session:
        form = _offering(session, FieldForm())
    try:
        if form.validate():
            draft = FieldDraft(
                form.label.data or "",
                form.kind.data,
                (form.choices.data or "").splitlines(),
                form.refers_to.data or None,
                form.sensitivity.data or None,
            )
            with services().database.transaction(g.workspace.id) as session:
                fields.add(session, g.workspace.id, form.key.data or "", draft)
            return shell.back(url_for("customers.show_fields"), _("Field added."))
    except Refusal as refusal:
        form.refuse(refusal)
    return _page(form), 422


@bp.get("/customers/fields/<int:field_id>")
@guard.role("marketer")
def edit_field(field_id: int) -> ResponseReturnValue:
    """Show what may be changed of a field."""
    with services().database.transaction(g.workspace.id) as session:
        field = fields.get(session, g.workspace.id, field_id)
    form = FieldNameForm(
        formdata=None, label=field.label, choices="\n".join(field.choices), sensitivity=field.sensitivity or ""
    )
    return _field_page(field, form, GroundForm(formdata=None))


@bp.post("/customers/fields/<int:field_id>")
@guard.role("owner")
def change_field(field_id: int) -> ResponseReturnValue:
    """Call a field something else, offer other choices, or say whether it is sensitive."""
    form, now = FieldNameForm(), services().clock.now()
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                choices = (form.choices.data or "").splitlines()
                fields.change(session, g.workspace.id, field_id, label=form.label.data or "", choices=choices)
                field = fields.get(session, g.workspace.id, field_id)
                sensitive.mark(session, field, form.sensitivity.data or None, staff_id=g.staff.id, now=now)
            return shell.back(url_for("customers.show_fields"), _("Changes saved."))
    except Refusal as refusal:
        form.refuse(refusal)
    with services().database.transaction(g.workspace.id) as session:
        field = fields.get(session, g.workspace.id, field_id)
    return _field_page(field, form, GroundForm(formdata=None)), 422


@bp.post("/customers/fields/<int:field_id>/ground")
@guard.role("owner")
def state_ground(field_id: int) -> ResponseReturnValue:
    """Say why segments, scores and exports may use a sensitive field."""
    form = GroundForm()
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                sensitive.state_ground(
                    *(session, g.workspace.id, field_id, form.ground.data or ""),
                    staff_id=g.staff.id,
                    now=services().clock.now(),
                )
            return shell.back(url_for("customers.edit_field", field_id=field_id), _("The legal basis is stated."))
    except sensitive.GroundRefused as refusal:
        form.refuse(refusal)
    with services().database.transaction(g.workspace.id) as session:
        field = fields.get(session, g.workspace.id, field_id)
    shown = FieldNameForm(
        formdata=None, label=field.label, choices="\n".join(field.choices), sensitivity=field.sensitivity or ""
    )
    return _field_page(field, shown, form), 422


@bp.post("/customers/fields/<int:field_id>/ground/withdraw")
@guard.role("owner")
def withdraw_ground(field_id: int) -> ResponseReturnValue:
    """Keep a sensitive field out of segments, scores and exports again."""
    with services().database.transaction(g.workspace.id) as session:
        sensitive.withdraw_ground(
            session, g.workspace.id, field_id, staff_id=g.staff.id, now=services().clock.now()
        )
    return shell.back(url_for("customers.edit_field", field_id=field_id), _("The legal basis is withdrawn."))


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
        targets = {each.name: each.label for each in references.targets(session).targets}
        _offering(session, form)
    return shell.page("customers/fields.html", form=form, fields=known, retired=retired, kinds=KINDS, targets=targets)


def _offering(session: Session, form: FieldForm) -> FieldForm:
    form.offer([(each.name, each.label) for each in references.targets(session).targets])
    return form


def _field_page(field: CustomField, form: FieldNameForm, ground: GroundForm) -> str:
    kind = KINDS[field.kind]
    if not kind.has_choices:
        del form.choices
    names = sensitive.SENSITIVITIES
    return shell.page("customers/field.html", field=field, kind=kind, form=form, ground=ground, names=names)
