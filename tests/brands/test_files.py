"""Images are served to everybody who has a mail: fixed headers, no cookie, no database, nothing for those who guess."""

from __future__ import annotations

import pytest

from app.brands import images, media, pictures
from app.web.requests import security
from tests.factories.pictures import a_picture


@pytest.fixture
def name(settings):
    made = images.store_picture(media.of(settings), pictures.encode(a_picture("PNG", mode="RGBA", color=(1, 2, 3, 9))))
    return f"{made.token}.{made.picture.format}"


def test_a_file_is_the_same_to_everybody_and_kept_for_a_year(anonymous, statements, name):
    with statements() as asked:
        answer = anonymous.get(f"/i/{name}")

    assert answer.status_code == 200
    assert asked == []
    assert answer.content_type == "image/png"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == security.FILE_POLICY
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_who_is_signed_in_gets_no_cookie_either(client, name):
    answer = client.get(f"/i/{name}")

    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_head_and_what_is_known_already_are_answered_without_the_file(anonymous, name):
    whole = anonymous.get(f"/i/{name}")
    head = anonymous.head(f"/i/{name}")
    known = anonymous.get(f"/i/{name}", headers={"If-None-Match": whole.headers["ETag"]})

    assert (head.status_code, head.data, head.content_length) == (200, b"", len(whole.data))
    assert (known.status_code, known.data) == (304, b"")
    assert "immutable" in known.headers["Cache-Control"]


@pytest.mark.parametrize(
    "guessed",
    ["a" * 26 + ".png", "a" * 26 + ".svg", "..%2f..%2fsecret.png", "A" * 26 + ".png", "x.png", "%00.png", "a" * 26],
)
def test_who_guesses_learns_nothing(anonymous, statements, guessed):
    with statements() as asked:
        answer = anonymous.get(f"/i/{guessed}")

    assert answer.status_code == 404
    assert asked == []
