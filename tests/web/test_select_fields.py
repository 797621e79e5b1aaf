"""Fields with choices take pairs of value and label, and hand the library what it wants of them."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict
from wtforms.fields.choices import SelectChoice

from app.web.forms import PublicForm, RadioField, SelectField, SelectMultipleChecks
from tests.laws import source

PAIRS = [("a", "First"), ("b", "Second")]


class Chosen(PublicForm):
    one = SelectField("One", choices=PAIRS)
    few = RadioField("Few", choices=PAIRS, default="a")
    some = SelectMultipleChecks("Some", choices=PAIRS)
    later = SelectField("Later", coerce=int)


@pytest.fixture
def form(app):
    with app.test_request_context():
        made = Chosen(MultiDict([("one", "b"), ("few", "b"), ("some", "a"), ("some", "b"), ("later", "7")]))
        made.later.choices = [(7, "Seven")]
        yield made


def test_what_is_listed_can_be_chosen(form):
    assert form.validate(), form.errors
    assert (form.one.data, form.few.data, form.some.data, form.later.data) == ("b", "b", ["a", "b"], 7)


def test_what_is_not_listed_cannot(form):
    form.one.choices = [("", "Choose"), *form.few.choices[:1]]

    assert not form.validate()
    assert list(form.errors) == ["one"]


@pytest.mark.parametrize("name", ["one", "few", "some", "later"])
def test_the_library_is_given_its_own_choices(form, name):
    assert all(isinstance(choice, SelectChoice) for choice in form[name].choices)


def test_no_form_takes_the_fields_of_the_library():
    found = [
        f"{path.relative_to(source.ROOT)}:{number}"
        for path in source.files()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if line.startswith("from wtforms import") and ("Select" in line or "RadioField" in line)
    ]

    assert found == []
