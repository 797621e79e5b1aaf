"""The base of every form: Flask-WTF with our CSRF, translated messages, and refusals shown at their field."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import wtforms
from flask import request
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import IntegerField, StringField, TextAreaField, widgets
from wtforms.fields.choices import SelectChoice
from wtforms.fields.core import Field
from wtforms.validators import StopValidation

from app.kernel.refusals import Refusal
from app.web import errors

LONGEST_LINE = 500
# No limit of ours has so many.
MOST_DIGITS = 18


class Form(FlaskForm):  # type: ignore[misc]
    """A staff form. `if form.validate_on_submit()`, call the action, and give a Refusal to `refuse`."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def wrap_formdata(self, form: FlaskForm, formdata: Any) -> Any:
            """Read a form from form data alone: the library would read JSON too, of any shape and depth."""
            if request.is_json and formdata is not None and not isinstance(formdata, MultiDict):
                return MultiDict()
            return super().wrap_formdata(form, formdata)

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal at the field it names, or above the form; raise it again if it is no matter of input."""
        if refusal.status not in (400, 409, 422):
            raise refusal
        field = self._fields.get(refusal.field) if refusal.field else None
        if field is None:
            self.form_errors.append(errors.say(refusal))
        else:
            field.errors = [*field.errors, errors.say(refusal)]

    @property
    def has_errors(self) -> bool:
        """Say whether anything is to be corrected."""
        return bool(self.errors or self.form_errors)


class PublicForm(Form):
    """A form of a customer: the token in its URL, or nothing at all, is its authority; no session is started."""

    class Meta(Form.Meta):
        csrf = False


# Embeddings, overrides and isolates of the Unicode bidirectional algorithm.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")


class LineField(StringField):  # type: ignore[misc]
    """One line of text without spaces around it; empty is empty.

    Characters that turn the direction of what follows are left out: they would reorder the page around the line. Marks
    that languages written from right to left need stay.
    """

    def process_formdata(self, valuelist: list[Any]) -> None:
        if valuelist:
            self.data = " ".join(_TURNS.sub("", str(valuelist[0])).split())[:LONGEST_LINE]


class TextField(TextAreaField):  # type: ignore[misc]
    """Several lines of text, line ends as \\n."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        if valuelist:
            self.data = str(valuelist[0]).replace("\r\n", "\n").strip()


class WholeNumberField(IntegerField):  # type: ignore[misc]
    """A whole number as people write one. More digits than any limit has are no number, whatever compares it."""

    # The number, or None; the library says no types.
    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist and len(valuelist[0].strip()) > MOST_DIGITS:
            self.data = None
            raise ValueError(self.gettext("Not a valid integer value."))
        super().process_formdata(valuelist)


Pairs = Iterable[tuple[Any, Any] | SelectChoice]


class _OfPairs:
    """A field whose choices are given as pairs of value and label, when it is declared and whenever they change."""

    def __init__(self, label: Any = None, validators: Any = None, *, choices: Pairs | None = None, **more: Any) -> None:
        offered = None if choices is None else _options(choices)
        super().__init__(label, validators, choices=offered, **more)  # type: ignore[call-arg]

    @property
    def choices(self) -> Any:
        """Return what can be chosen, as SelectChoice; None before it is known."""
        return wtforms.SelectField.choices.fget(self)

    @choices.setter
    def choices(self, pairs: Pairs) -> None:
        wtforms.SelectField.choices.fset(self, _options(pairs))


def _options(pairs: Pairs) -> list[SelectChoice]:
    return [pair if isinstance(pair, SelectChoice) else SelectChoice(*pair) for pair in pairs]


class SelectField(_OfPairs, wtforms.SelectField):  # type: ignore[misc]
    """One of a list."""


class RadioField(_OfPairs, wtforms.RadioField):  # type: ignore[misc]
    """One of a few, all of them in sight."""


class SelectMultipleChecks(_OfPairs, wtforms.SelectMultipleField):  # type: ignore[misc]
    """Several of a few: shown as check boxes under one legend."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()


def required(_form: Form, field: Field) -> None:
    """A validator: something must be written here."""
    if not field.data:
        raise StopValidation(_("Please fill this in."))


required.field_flags = {"required": True}  # type: ignore[attr-defined]
