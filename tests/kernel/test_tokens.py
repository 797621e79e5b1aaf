"""A link says what it may do and for whom, and nobody can make it say more."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.settings import Key
from app.kernel.tokens import TOKEN_CHARS, BadToken, Purpose, TokenExpired, Tokens

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OLD, NEW = Key(1, b"o" * 32), Key(2, b"n" * 32)
TOKENS = Tokens((NEW,))
PURPOSE, ANOTHER = Purpose(1), Purpose(2)
IDS = st.integers(min_value=0, max_value=2**48 - 1)


@given(purpose=st.integers(1, 255), workspace=st.integers(0, 2**32 - 1), a=IDS, b=IDS, c=IDS)
def test_a_token_says_what_was_put_in(purpose: int, workspace: int, a: int, b: int, c: int) -> None:
    said = TOKENS.read(Purpose(purpose), TOKENS.mint(Purpose(purpose), workspace, a, b, c), now=NOON)

    assert said == (workspace, a, b, c)


@given(position=st.integers(0, TOKEN_CHARS - 1), letter=st.characters(codec="utf-8"))
def test_any_changed_character_makes_it_worthless(position: int, letter: str) -> None:
    token = TOKENS.mint(PURPOSE, 1, 2, 3, 4)
    forged = token[:position] + letter + token[position + 1 :]

    if forged != token:
        with pytest.raises(BadToken):
            TOKENS.read(PURPOSE, forged, now=NOON)


@pytest.mark.parametrize("length", [0, 1, TOKEN_CHARS - 1, TOKEN_CHARS + 1, 5000])
def test_a_cut_or_stretched_token_is_refused(length: int) -> None:
    with pytest.raises(BadToken):
        TOKENS.read(PURPOSE, (TOKENS.mint(PURPOSE, 1, 2) * 100)[:length], now=NOON)


@pytest.mark.parametrize("letter", ["!", " ", "=", "é", "\0"])
def test_letters_that_no_token_has_are_refused(letter: str) -> None:
    """The decoder skips them, and nothing would be left to look at."""
    with pytest.raises(BadToken):
        TOKENS.read(PURPOSE, letter * TOKEN_CHARS, now=NOON)


def test_a_token_of_one_purpose_is_no_token_of_another() -> None:
    with pytest.raises(BadToken):
        TOKENS.read(ANOTHER, TOKENS.mint(PURPOSE, 1, 2, 3, 4), now=NOON)


@given(group=st.integers(1, 63), workspace=st.integers(0, 2**32 - 1), a=IDS, b=IDS, c=IDS)
def test_four_tokens_minted_together_are_those_minted_alone(group: int, workspace: int, a: int, b: int, c: int) -> None:
    purposes = [Purpose(4 * group + place) for place in range(4)]

    together = TOKENS.mint_group(purposes[0], workspace, a, b, c)

    assert list(together) == [TOKENS.mint(purpose, workspace, a, b, c) for purpose in purposes]


def test_a_mac_of_one_purpose_is_none_of_its_neighbours() -> None:
    """They come from one hash; whoever has one of them, in every place and under every number, has no other."""
    purposes = [Purpose(8 + place) for place in range(4)]
    octets = [_octets(token) for token in TOKENS.mint_group(purposes[0], 1, 2, 3, 4)]

    for one in octets:
        for other, purpose in zip(octets, purposes, strict=True):
            for forged in (one[:1] + bytes((purpose,)) + one[2:], other[:-16] + one[-16:], other[:29] + one[29:]):
                if forged not in octets:
                    with pytest.raises(BadToken):
                        TOKENS.read(purpose, urlsafe_b64encode(forged).decode(), now=NOON)


@pytest.mark.parametrize("ids", [(2**48, 0, 0), (0, 2**48, 0), (0, 0, 2**48), (-1, 0, 0)])
def test_an_id_too_large_is_not_taken_for_another(ids: tuple[int, int, int]) -> None:
    with pytest.raises(OverflowError):
        TOKENS.mint(PURPOSE, 1, *ids)


def test_a_workspace_too_large_is_not_taken_for_another() -> None:
    with pytest.raises(OverflowError):
        TOKENS.mint(PURPOSE, 2**32, 1)


def test_old_links_work_after_the_key_was_rotated() -> None:
    token = Tokens((OLD,)).mint(PURPOSE, 1, 2)

    assert Tokens((NEW, OLD)).read(PURPOSE, token, now=NOON).a == 2
    with pytest.raises(BadToken):
        TOKENS.read(PURPOSE, token, now=NOON)


def test_a_token_shows_no_number_of_ours() -> None:
    """Ids are counted through the installation: two mails a week apart would tell how many had left between."""
    tokens = [_octets(TOKENS.mint(PURPOSE, 3, 1_000_000 + number, 77, 500)) for number in range(50)]

    for number, one in enumerate(tokens):
        for hidden in (3, 77, 500, 1_000_000 + number):
            assert hidden.to_bytes(6, "big") not in one
        for other in tokens[:number]:
            assert sum(a != b for a, b in zip(one[2:], other[2:], strict=True)) > 30


def _octets(token: str) -> bytes:
    return urlsafe_b64decode(token + "=" * (-len(token) % 4))


def test_a_token_ends_at_its_time() -> None:
    token = TOKENS.mint(PURPOSE, 1, 2, expires_at=NOON)

    assert TOKENS.read(PURPOSE, token, now=NOON - timedelta(seconds=1)).a == 2
    with pytest.raises(TokenExpired):
        TOKENS.read(PURPOSE, token, now=NOON)
