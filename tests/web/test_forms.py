"""What fields make of what was typed, whatever it is."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import Form

from app.web.forms import LineField


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
