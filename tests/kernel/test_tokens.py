"""A link says what it may do and for whom, and nobody can make it say more."""

from __future__ import annotations

from base64 import urlsafe_b64decode
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


def test_a_token_shows_no_number_of_ours() -> None:
    """Ids are counted through the installation: two mails a week apart told everybody how many had left between."""
    tokens = [_octets(TOKENS.mint("click", 3, 1_000_000 + number, 77, 500)) for number in range(50)]

    for number, one in enumerate(tokens):
        for hidden in (3, 77, 500, 1_000_000 + number):
            assert hidden.to_bytes(6, "big") not in one
        for other in tokens[:number]:
            assert sum(a != b for a, b in zip(one[2:], other[2:], strict=True)) > 30


def test_open_tokens_of_before_are_read() -> None:
    """Mails of last year carry them, and their links live as long as the mails."""
    letter = TOKENS.read("unsubscribe", "AgMAAAABAAAAAAACAAAAAAADAAAAAAAEAAAAAAk5bPLHS3Zhe0FT4cWku5I", now=NOON)

    assert letter == (1, 2, 3, 4, None)


def _octets(token: str) -> bytes:
    return urlsafe_b64decode(token + "=" * (-len(token) % 4))


def test_a_token_ends_at_its_time() -> None:
    token = TOKENS.mint("confirm", 1, 2, expires_at=NOON)

    assert TOKENS.read("confirm", token, now=NOON - timedelta(seconds=1)).expires_at == NOON
    with pytest.raises(TokenExpired):
        TOKENS.read("confirm", token, now=NOON)
