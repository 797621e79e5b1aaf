"""Numbers are rounded as people do on paper."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.rendering.language import filters


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(2.5, 0, "3"), (0.5, 0, "1"), (-2.5, 0, "-3"), (1.005, 2, "1.01"), (2.675, 2, "2.68"), ("0.125", 2, "0.13"),
     (Decimal("1.15"), 1, "1.2"), (-0.4, 0, "0"), (3, 2, "3.00"), (123456789012345678, 6, "123456789012345678.000000")],
)  # fmt: skip
def test_halves_are_rounded_up_not_to_even(value, decimals, text):
    assert filters.rounded(value, decimals) == text
    assert filters.number(value, decimals).replace(",", "") == text


def test_money_is_rounded_half_up_too():
    assert filters.money("2.345", "EUR") == "€2.35"
    assert filters.money(0.125) == "0.13"


@pytest.mark.parametrize("value", [None, "", "x", True, "nan", "inf", "1e400", [], {}])
def test_what_is_no_number_stays_as_it_is(value):
    assert filters.rounded(value, 2) == value
