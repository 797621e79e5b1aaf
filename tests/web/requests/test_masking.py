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
    [
        ("ada@example.com", "a•••@example.com"),
        ("Ada", "A•••"),
        ("+49 30 1234", "+•••"),
        ("@", "•••@"),
        ("", "•••"),
        ("王", "•••"),
    ],
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


def test_names_without_spaces_around_them_are_masked_and_other_words_are_not():
    replace = masking._replacer({"张伟", "李", "Ada"})

    assert replace("与张伟合并 · 李, Adams, 行李") == "与张•••合并 · •••, Adams, 行李"
    assert replace("联系Ada吧 · ADA") == "联系A•••吧 · A•••"


def test_what_is_offered_while_one_types_and_what_scripts_draw_is_masked():
    replace = masking._replacer({"Zoë", "ada@example.com"})
    page = (
        '<datalist id="a"><option value="Zoë"></option></datalist><option value="Zoë">Zoë</option>'
        '<a href="mailto:ADA%40example.com?subject=Hi">x</a><script>["Zo\\u00eb", "ADA@EXAMPLE.COM"]</script>'
    )

    assert masking._html(page, replace) == (
        '<datalist id="a"><option value="Z•••"></option></datalist><option value="Zoë">Z•••</option>'
        '<a href="mailto:">x</a><script>["Z•••", "a•••@example.com"]</script>'
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
