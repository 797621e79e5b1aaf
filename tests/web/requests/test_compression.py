"""Pages leave packed, whole, and with a length that tells nothing."""

from __future__ import annotations

import gzip

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.web import guard
from app.web.requests import compression


@pytest.fixture
def asked(framed: Flask) -> FlaskClient:
    """A client of an application with one long answer of every kind."""

    @framed.get("/long/<kind>")
    @guard.public("to see it packed")
    def long(kind: str) -> object:
        if kind == "stream":
            return framed.response_class((f"{number}," for number in range(5000)), mimetype="text/csv")
        if kind == "image":
            return framed.response_class(b"\x89PNG" * 2000, mimetype="image/png")
        return {"page": "word " * 2000, "short": "word", "json": {"many": ["word"] * 2000}}[kind]

    return framed.test_client()


@pytest.mark.parametrize("kind", ["page", "json"])
def test_a_long_answer_leaves_packed_and_arrives_whole(asked: FlaskClient, kind: str):
    """Pages of 100 KB left as they were, over every telephone's connection."""
    plain = asked.get(f"/long/{kind}")
    packed = asked.get(f"/long/{kind}", headers={"Accept-Encoding": "br, gzip"})

    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) * 5 < len(plain.data)
    assert packed.content_length == len(packed.data)
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize("kind", ["stream", "image", "short"])
def test_what_streams_or_gains_nothing_leaves_as_it_is(asked: FlaskClient, kind: str):
    answer = asked.get(f"/long/{kind}", headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in answer.headers
    assert answer.data


def test_the_length_of_the_same_page_differs_from_time_to_time():
    """Its length would otherwise tell how much of a secret on it was guessed right (BREACH)."""
    page = b"token" * 1000

    lengths = {len(compression.pack(page)) for _ in range(50)}

    assert len(lengths) > 10
    assert {gzip.decompress(compression.pack(page)) for _ in range(5)} == {page}
