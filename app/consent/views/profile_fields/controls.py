"""Controls on customers' pages for the profile fields that a form or the preference page asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from app.consent.asked_fields.answers import AnswersRefused, key_of
from app.consent.asked_fields.asked import AskedField, Offered
from app.customers.field_kinds import forms as field_controls
from app.customers.profiles import codes, identity
from app.customers.words import LABELS
from app.kernel.refusals import Refusal
from app.web import errors
from app.web.choices import PickerField, with_given
from app.web.forms import LineField, PublicForm, SelectField


def name_of(asked: AskedField) -> str:
    """Return the name of a field's control: as the record knows it, the workspace's own behind `custom_`."""
    return f"custom_{key_of(asked.name)}" if key_of(asked.name) != asked.name else asked.name


def form_of(
    asked: Sequence[AskedField], known: Mapping[str, Offered], kept: Mapping[str, Any] | None = None, **given: Any
) -> PublicForm:
    """Return a form of these fields as posted (or by `formdata`), else filled with what is kept, by their names."""
    shown = {each.name: (kept or {}).get(each.name) for each in asked}
    members = {name_of(each): _control(each, known[each.name], shown[each.name]) for each in asked}
    values = {name_of(each): said(known[each.name], shown[each.name]) for each in asked}
    form: PublicForm = type("ProfileForm", (PublicForm,), members)(data=values, **given)
    return form


def typed(form: PublicForm, asked: Sequence[AskedField]) -> dict[str, Any]:
    """Return what was said in each control, by the names of the fields."""
    return {each.name: form[name_of(each)].data or None for each in asked}


def refuse(form: PublicForm, asked: Sequence[AskedField], refused: AnswersRefused) -> None:
    """Show at each control what is wrong with it; what was typed stays."""
    for each in asked:
        problem: Refusal | None = refused.problems.get(each.name)
        if problem is not None:
            control = form[name_of(each)]
            control.errors = [*control.errors, errors.say(problem)]


def label_of(asked: AskedField, known: Mapping[str, Offered]) -> str:
    """Return what the field is called on the page: as the workspace says, else as it is called."""
    offered = known[asked.name]
    return asked.label or (offered.label if offered.custom else _(LABELS[asked.name]))


def said(offered: Offered, kept: Any) -> Any:
    """Return a kept value as its control holds it."""
    if offered.custom:
        return field_controls.said(offered.custom, kept)
    return "" if kept is None else str(kept)


def _control(asked: AskedField, offered: Offered, kept: Any) -> Any:
    label = label_of(asked, {offered.name: offered})
    name = asked.name
    if offered.custom:
        control = field_controls.control(offered.custom, kept, label=label)
    elif name in codes.FIND:
        control = PickerField(label, kind=name)
    elif name in identity.CHOICES:
        choices = [(value, _(words)) for value, words in identity.CHOICES[name].items()]
        control = SelectField(label, choices=[("", "–"), *with_given(choices, [said(offered, kept)])])
    else:
        control = LineField(label, render_kw={"type": "date"} if name in identity.DATES else None)
    # An unbound control: how it is shown is decided where it is declared.
    if asked.help:
        control.kwargs["description"] = asked.help
    if asked.is_required:
        control.kwargs["render_kw"] = {**(control.kwargs.get("render_kw") or {}), "required": True}
    return control
