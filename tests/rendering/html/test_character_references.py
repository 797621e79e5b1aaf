"""Character references are read as browsers read them, and none of any length makes reading fail."""

from __future__ import annotations

from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rendering.html import character_references


@pytest.mark.parametrize("read", [character_references.in_text, character_references.in_attribute])
@pytest.mark.parametrize("digits", ["9" * 5_000, "x" + "f" * 5_000, "0" * 5_000 + "9" * 9])
def test_a_number_of_thousands_of_digits_is_no_character(read, digits):
    assert read(f"a&#{digits};b") == "a\ufffdb"


@pytest.mark.parametrize("read", [character_references.in_text, character_references.in_attribute])
@pytest.mark.parametrize("written", ["&#" + "0" * 5_000 + "65;", "&#x" + "0" * 5_000 + "41;", "&#0065", "&#X0041"])
def test_leading_noughts_do_not_count(read, written):
    assert read(written) == "A"


@given(st.text(alphabet="&#xX0123456789aAfF;z ", max_size=40))
def test_text_with_ordinary_numbers_reads_as_the_library_reads_it(written):
    assert character_references.in_text(written) == unescape(written)
