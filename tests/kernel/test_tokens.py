"""A link says what it may do and for whom, and nobody can make it say more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.settings import Key
from app.kernel.tokens import PURPOSES, TOKEN_CHARS, BadToken, TokenExpired, Tokens

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OLD, NEW = Key(1, b"o" * 32), Key(2, b"n" * 32)
TOKENS = Tokens((NEW,))
IDS = st.integers(min_value=0, max_value=2**48 - 1)


@given(purpose=st.sampled_from(sorted(PURPOSES)), workspace=st.integers(0, 2**32 - 1), a=IDS, b=IDS, c=IDS)
def test_a_token_says_what_was_put_in(purpose: str, workspace: int, a: int, b: int, c: int) -> None:
    letter = TOKENS.read(purpose, TOKENS.mint(purpose, workspace, a, b, c), now=NOON)

    assert (letter.workspace_id, letter.a, letter.b, letter.c) == (workspace, a, b, c)


@given(position=st.integers(0, TOKEN_CHARS - 1), letter=st.characters(codec="utf-8"))
def test_any_changed_character_makes_it_worthless(position: int, letter: str) -> None:
    token = TOKENS.mint("unsubscribe", 1, 2, 3, 4)
    forged = token[:position] + letter + token[position + 1 :]

    if forged != token:
        with pytest.raises(BadToken):
            TOKENS.read("unsubscribe", forged, now=NOON)


@pytest.mark.parametrize("length", [0, 1, TOKEN_CHARS - 1, TOKEN_CHARS + 1, 5000])
def test_a_cut_or_stretched_token_is_refused(length: int) -> None:
    with pytest.raises(BadToken):
        TOKENS.read("click", (TOKENS.mint("click", 1, 2) * 100)[:length], now=NOON)


@pytest.mark.parametrize("letter", ["!", " ", "=", "é", "\0"])
def test_letters_that_no_token_has_are_refused(letter: str) -> None:
    """The decoder skips them, and nothing would be left to look at."""
    with pytest.raises(BadToken):
        TOKENS.read("click", letter * TOKEN_CHARS, now=NOON)


@pytest.mark.parametrize("other", sorted(set(PURPOSES) - {"click"}))
def test_a_token_of_one_purpose_is_no_token_of_another(other: str) -> None:
    with pytest.raises(BadToken):
        TOKENS.read(other, TOKENS.mint("click", 1, 2, 3, 4), now=NOON)


def test_old_links_work_after_the_key_was_rotated() -> None:
    token = Tokens((OLD,)).mint("unsubscribe", 1, 2)

    assert Tokens((NEW, OLD)).read("unsubscribe", token, now=NOON).a == 2
    with pytest.raises(BadToken):
        TOKENS.read("unsubscribe", token, now=NOON)


def test_a_token_ends_at_its_time() -> None:
    token = TOKENS.mint("confirm", 1, 2, expires_at=NOON)

    assert TOKENS.read("confirm", token, now=NOON - timedelta(seconds=1)).expires_at == NOON
    with pytest.raises(TokenExpired):
        TOKENS.read("confirm", token, now=NOON)
