"""Numbers and choices that no row can have are as if nothing was given, and cost nobody what they wrote."""

from __future__ import annotations

import pytest

from app.web.requests import characters

FAR_TOO_LARGE = "99999999999999999999"


@pytest.mark.parametrize(
    "path",
    [
        f"/customers/imports?before={FAR_TOO_LARGE}",
        f"/settings/audit?before=-{FAR_TOO_LARGE}",
        f"/inbox?after={FAR_TOO_LARGE}",
        "/search?q=%00ada",
    ],
)
def test_a_number_no_row_can_have_is_no_number(client, path):
    assert client.get(path).status_code == 200


def test_a_choice_that_is_gone_is_asked_for_again_and_the_text_stays(client, workspace):
    created = client.post("/campaigns/new", data={"name": "Spring", "topic": str(workspace.topic_id)})
    page = created.headers["Location"]

    saved = client.post(
        f"{page}/save",
        data={
            "name": "Spring",
            "topic": "999",
            "audience": "²",
            "language": "en",
            "format": "markdown",
            "subject": "Hello",
            "source": "# Roses",
            "revision": "0",
            "overwrite": "1",
        },
    )

    assert saved.status_code < 400
    assert "# Roses" in client.get(page).text


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("POST", "/login", {"email": "ada\0@shop.example", "password": "\0"}),
        ("GET", "/f/%00/%00", None),
        ("POST", "/f/%00/%00", {"email": "a\0"}),
        ("GET", "/assets/%00", None),
        ("POST", "/language", {"language": "zh\0", "next": "\0"}),
        ("GET", "/login?next=%00%ED%A0%80", None),
    ],
)
def test_a_nul_from_a_stranger_is_no_failure(anonymous, method, path, fields):
    """PostgreSQL keeps no NUL: each of these was a 500 before anybody was signed in."""
    assert anonymous.open(path, method=method, data=fields).status_code < 500


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/consent/topics", "name"),
        ("/settings/keys", "name"),
        ("/settings/identities/new", "from_name"),
        ("/journeys/new", "name"),
        ("/campaigns/new", "name"),
        ("/customers/new", "first_name"),
    ],
)
def test_a_nul_in_a_field_is_left_out(client, path, field):
    """Once for every form, where the request is read; not view by view."""
    assert client.post(path, data={field: "Tea\0time", "email": "ada@shop.example"}).status_code < 500


@pytest.mark.parametrize("referer", ["http://[", "http://[::1", "//\u00e9", "http://a:99999999/"])
def test_a_referer_that_is_no_address_leads_home(client, anonymous, referer):
    """Where one came from was taken apart without a look, so that the page that wanted to lead back failed."""
    headers = {"Referer": referer, "Origin": referer, "HX-Request": "true", "HX-Current-URL": referer}

    assert client.post("/customers/new", data={}, headers={"Referer": referer}).status_code < 500
    assert anonymous.post("/customers/new", data={}, headers=headers).status_code == 401


def test_text_of_a_query_and_a_form_holds_only_what_can_be_kept():
    asked = characters.Request.from_values("/?q=a%00b", method="POST", data={"name": "x\0y", "many": ["\0", "z"]})

    assert (asked.args["q"], asked.form["name"], asked.form.getlist("many")) == ("ab", "xy", ["", "z"])
    assert characters.read_json('{"\\u0000a": ["\\ud800b", 1]}') == {"a": ["b", 1]}
    with pytest.raises(ValueError, match="deep"):
        characters.read_json("[" * 100_000)
