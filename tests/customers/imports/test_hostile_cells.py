"""Whatever stands in a cell, it is read, guessed at or refused; nothing else happens."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.customers import values
from app.customers.imports.mapping import guessing, headings, mapping
from app.customers.imports.parsing import answer_words, encodings, reading
from app.customers.models import CustomField
from app.customers.profiles import codes, dates

ODD = ["x" * 300, "1" * 300, "1/2/" + "3" * 200]
ODD += ["9" * 10, "0" * 13, "31.02.2026", "\0", "\udcff", "\u202e", "['email']"]
CELLS = st.one_of(
    st.text(max_size=40),
    st.from_regex(r"[0-9.,/ :+-]{0,24}(AM|pm|Z|UTC| \+0200)?", fullmatch=True),
    st.from_regex(r"[\u0660-\u0669\uff10-\uff19.-]{1,10}", fullmatch=True),
    st.sampled_from(ODD),
)


@settings(deadline=None)
@given(CELLS)
@example("1/2/" + "3" * 200)
def test_no_cell_raises_but_that_it_cannot_be_read(text):
    for find in (*codes.FIND.values(), codes.find_currency, answer_words.read, answer_words.tells_of_leaving):
        find(text)
    for order in dates.ORDERS:
        for read in (dates.moment, dates.day):
            with suppress(ValueError):
                read(text, order)
    for mark in ".,":
        with suppress(ValueError):
            assert values.amount(text, decimal=mark).is_finite()
    assert dates.hint(text) in (None, "dmy", "mdy")
    dates.is_either(text)
    headings.is_known(text)


@settings(deadline=None)
@given(st.lists(st.lists(CELLS, max_size=6), max_size=6), st.lists(CELLS, max_size=6))
def test_no_table_is_too_strange_to_be_guessed_at(rows, header):
    kinds = ("number", "date", "boolean", "choice")
    custom = [CustomField(key=kind, label="", kind=kind, choices=["a"]) for kind in kinds]
    choices = [(name, name) for name in mapping.PEOPLE] + [(f"custom.{field.key}", field.label) for field in custom]

    found = guessing.columns(header, choices, rows, custom)
    places = range(len(header))
    assert len(set(found.values())) == len(found)
    assert guessing.date_order(rows, places) in dates.ORDERS
    assert guessing.decimal_mark(rows, places) in ".,"
    assert guessing.currency(rows, 0, usual="EUR") in codes.currencies()


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from([None, *encodings.ENCODINGS]))
def test_no_bytes_are_too_strange_to_be_laid_out(data, encoding):
    laid_out = reading.layout(data, encoding or encodings.guess(data))

    assert list(reading.sample_rows(data, laid_out, limit=5)) is not None


@pytest.mark.parametrize("text", ["Atlantis" * 1000, "yes" * 1000])
def test_what_is_remembered_does_not_fill_the_memory(text):
    before = codes._country.cache_info().currsize

    assert codes.find_country(text) is None
    assert answer_words.read(text) is None
    assert codes._country.cache_info().currsize == before
