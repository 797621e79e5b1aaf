"""What fields make of what was typed, whatever it is."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import Form
from wtforms.validators import NumberRange

from app.web.forms import LineField, WholeNumberField


class OneLine(Form):  # type: ignore[misc]
    line = LineField()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Spring \n tea ", "Spring tea"),
        ("Spring \u202e<b>tea</b>", "Spring <b>tea</b>"),
        ("\u2066a\u2069\u202a\u202c", "a"),
        ("שלום\u200f!", "שלום\u200f!"),
        ("\u202e", ""),
    ],
)
def test_a_line_keeps_what_was_written_and_nothing_that_reorders_the_page(typed: str, kept: str) -> None:
    assert OneLine(MultiDict({"line": typed})).line.data == kept


class OneNumber(Form):  # type: ignore[misc]
    number = WholeNumberField(validators=[NumberRange(1, 40)])


@pytest.mark.parametrize(
    ("typed", "number", "is_valid"),
    [("7", 7, True), (" 7 ", 7, True), ("41", 41, False), ("-9" * 9, None, False), ("9" * 400, None, False)],
)
def test_a_number_of_endless_digits_is_refused_like_any_other(typed: str, number: int | None, is_valid: bool) -> None:
    """Four hundred nines made the page with the frequency cap fail."""
    form = OneNumber(MultiDict({"number": typed}))

    assert form.validate() is is_valid
    assert form.number.data == number
    assert bool(form.number.errors) is not is_valid
