"""Programs add images, say what they show, and read and change the look of mails."""

from __future__ import annotations

from io import BytesIO

import pytest

from tests.factories.pictures import a_bomb, a_picture


@pytest.fixture
def program(app, key):
    made = app.test_client()
    made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key[1]}"
    return made


def send(program, data, key):
    form = {"file": (BytesIO(data), "Rose.jpg"), "alt": "A rose"}
    headers = {"Idempotency-Key": key}
    return program.post("/api/v1/images", data=form, headers=headers, content_type="multipart/form-data")


def test_an_image_is_added_found_described_and_removed(program):
    made = send(program, a_picture(), "one")
    assert made.status_code == 201
    path = f"/api/v1/images/{made.json['id']}"

    assert made.json["url"].startswith("http://mail.shop.test/i/")
    assert program.get("/api/v1/images?search=rose").json["images"] == [made.json]
    assert program.patch(path, json={"alt": "Red rose"}).json["alt"] == "Red rose"
    assert program.get(path).json["alt"] == "Red rose"
    assert program.delete(path).status_code == 200
    assert program.get(path).status_code == 404
    assert program.get("/api/v1/images").json == {"images": [], "next": None}


def test_what_is_no_picture_is_a_problem_with_its_reason(program):
    answer = send(program, a_bomb(), "bomb")

    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert "50 million pixels" in answer.json["detail"]
    assert program.post("/api/v1/images", json={}).status_code == 415


def test_the_kit_is_read_and_changed(program):
    stored = program.get("/api/v1/brand").json
    given = {
        **stored,
        "primary": "#AA0000",
        "social": [{"network": "instagram", "url": "https://instagram.com/nordlicht"}],
    }

    assert program.put("/api/v1/brand", json=given).json["primary"] == "#aa0000"
    assert program.get("/api/v1/brand").json["social"] == given["social"]
    refused = program.put("/api/v1/brand", json={**given, "primary": "#ffcc00"})
    assert refused.status_code == 422
    assert "contrast" in refused.json["detail"]
    assert program.put("/api/v1/brand", json={**given, "shape": "round"}).status_code == 422
