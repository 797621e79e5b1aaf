"""Only the shop's server says who a visitor is, for a while, and in one way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tracking.websites import identities
from app.tracking.websites.identities import Identity
from tests.factories import NOON
from tests.factories.tracking import a_jwt

SECRET = "s" * 43
SOON = NOON + timedelta(hours=1)


def read(token: str) -> Identity | None:
    return identities.read(token, SECRET.encode(), now=NOON)


def test_a_token_names_a_customer_by_number_or_by_email() -> None:
    assert read(a_jwt(SECRET, expires=SOON, sub="C-1")) == Identity("C-1", None)
    assert read(a_jwt(SECRET, expires=SOON, email="ada@example.com")) == Identity(None, "ada@example.com")


@pytest.mark.parametrize(
    "token",
    [
        a_jwt("t" * 43, expires=SOON, sub="C-1"),
        a_jwt(SECRET, expires=None, sub="C-1"),
        a_jwt(SECRET, expires=NOON, sub="C-1"),
        a_jwt(SECRET, expires=NOON + timedelta(days=8), sub="C-1"),
        a_jwt(SECRET, expires=None, sub="C-1", exp=True),
        a_jwt(SECRET, expires=None, sub="C-1", exp="9999999999"),
        a_jwt(SECRET, expires=SOON),
        a_jwt(SECRET, expires=SOON, sub=""),
        a_jwt(SECRET, expires=SOON, sub=7),
        a_jwt(SECRET, expires=SOON, sub="a\0b"),
        a_jwt(SECRET, expires=SOON, sub="\ud800"),
        a_jwt(SECRET, expires=SOON, email="a\udfff@shop.example"),
        a_jwt(SECRET, expires=None, sub="C-1", exp=10**400),
        a_jwt(SECRET, expires=None, sub="C-1", exp=float("inf")),
        a_jwt(SECRET, expires=SOON, sub="x" * 201),
        a_jwt(SECRET, expires=SOON, sub="C-1", header={"alg": "none"}),
        a_jwt(SECRET, expires=SOON, sub="C-1", header={"alg": "RS256"}),
        a_jwt(SECRET, expires=SOON, sub="C-1").rpartition(".")[0] + ".",
        a_jwt(SECRET, expires=SOON, sub="C-1")[:-2],
        "e30.e30." + "A" * 43,
        "..",
        "",
        "x" * 3000,
    ],
)
def test_any_other_token_names_nobody(token: str) -> None:
    assert read(token) is None


@given(st.text())
def test_no_text_is_more_than_refused(token: str) -> None:
    assert read(token) is None


@given(st.integers(min_value=0), st.characters(codec="ascii"))
def test_a_changed_character_makes_it_worthless(place: int, other: str) -> None:
    token = a_jwt(SECRET, expires=SOON, sub="C-1")
    # The last character carries spare bits that say nothing.
    at = place % (len(token) - 1)
    changed = token[:at] + other + token[at + 1 :]

    assert changed == token or read(changed) is None
