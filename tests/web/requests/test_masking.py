"""What is watched is masked where it is read; names of tags, links and what forms send stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from app.web.requests import masking
from app.web.requests.masking import masked


@pytest.mark.parametrize(
    ("value", "left"),
    [("ada@example.com", "a•••@example.com"), ("Ada", "A•••"), ("+49 30 1234", "+•••"), ("@", "•••@"), ("", "•••")],
)
def test_what_is_left_of_a_value(value, left):
    assert masked(value) == left


def test_texts_and_what_is_spoken_are_masked_and_markup_stays():
    replace = masking._replacer({"Ada", "form", "O'Hara", "ada@example.com"})
    page = (
        '<form class="form" action="/form"><title>Ada &amp; Eve</title><b title="Ada O&#39;Hara">O&#39;Hara, Adams</b>'
        '<option value="Ada">Ada</option><a href="/customers?q=ada%40example.com">ada@example.com</a></form>'
    )

    assert masking._html(page, replace) == (
        '<form class="form" action="/form"><title>A••• &amp; Eve</title><b title="A••• O•••">O•••, Adams</b>'
        '<option value="Ada">A•••</option><a href="/customers?q=ada%40example.com">a•••@example.com</a></form>'
    )


WORDS = st.text(alphabet="aZé'<&\"@.-", min_size=2, max_size=12)


@given(WORDS, WORDS)
def test_no_value_is_left_in_a_text(value, other):
    replace = masking._replacer({value})
    page = f"<p>{escape(other)} {escape(value)} {escape(other)}</p>"

    assert f" {escape(value)} " not in masking._html(page, replace) or masked(value) == value


def test_values_inside_json_are_found_by_their_names():
    held = {"first_name": ["Ada", ["staff:1", 1]], "more": [{"email": "a@x.de"}], "city": "Rome"}

    assert {value for value in masking._held(held) if value} == {"Ada", "a@x.de"}
    assert list(masking._held("no json")) == []
