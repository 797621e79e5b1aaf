"""A body is read whole, in time and within its size, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.web.gateway import bodies
from app.web.gateway.bodies import SMALL, BodyRefused, Disconnected

END = b""


async def stream(*chunks: bytes, then_silent: bool = False) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
    if then_silent:
        await asyncio.Event().wait()


def read(chunks: AsyncIterator[bytes], announced: int | None, *, known: bool = False, limit: int = 10**6) -> bytes:
    async def may_send_much() -> bool:
        return known

    file, length = asyncio.run(
        bodies.read(chunks, announced, limit=limit, may_send_much=may_send_much, seconds=0.05)
    )
    data = file.read()
    assert len(data) == length
    return data


def test_a_body_is_what_was_sent():
    assert read(stream(b"a" * 9, b"b", END), 10) == b"a" * 9 + b"b"
    assert read(stream(b"a" * 9, b"b", END), None) == b"a" * 9 + b"b"


def test_a_body_that_stops_coming_is_given_up():
    with pytest.raises(BodyRefused) as refused:
        read(stream(b"a", then_silent=True), 2)

    assert refused.value.status == 408


@pytest.mark.parametrize("chunks", [(b"abc", END), (b"abc", END, END)])
def test_half_a_body_is_never_taken_for_a_whole_one(chunks: tuple[bytes, ...]):
    """The server's stream ends alike for both; half a form must not be acted on."""
    with pytest.raises(Disconnected):
        read(stream(*chunks), 10)


def test_half_a_chunked_body_is_never_taken_for_a_whole_one():
    with pytest.raises(Disconnected):
        read(stream(b"abc", END, END), None)


@pytest.mark.parametrize("announced", [SMALL + 1, None])
def test_much_is_only_for_whoever_is_known(announced: int | None):
    much = b"a" * (SMALL + 1)
    assert read(stream(much, END), announced, known=True) == much

    with pytest.raises(BodyRefused) as refused:
        read(stream(much, END), announced, known=False)

    assert refused.value.status == 413


@pytest.mark.parametrize("announced", [2_000_000, None])
def test_nobody_sends_more_than_the_view_takes(announced: int | None):
    with pytest.raises(BodyRefused) as refused:
        read(stream(b"a" * 1_000_001, b"a" * 999_999, END), announced, known=True)

    assert refused.value.status == 413
