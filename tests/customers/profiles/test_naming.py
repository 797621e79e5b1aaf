"""Full names by language."""

from __future__ import annotations

import pytest

from app.customers.profiles import naming


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("Ada", "Lovelace", "Ada Lovelace"),
        ("Jürgen", "Müller", "Jürgen Müller"),
        ("小明", "王", "王小明"),
        ("さくら", "渡辺", "渡辺さくら"),
        ("Mei", "王", "Mei 王"),
        (None, "Müller", "Müller"),
        (None, None, ""),
    ],
)
def test_the_family_name_stands_where_its_readers_expect_it(first: str | None, last: str | None, name: str):
    assert naming.full_name(first, last) == name
