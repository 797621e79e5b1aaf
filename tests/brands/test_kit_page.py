"""The page of the brand kit: kept, refused with a reason, and drawn as a sample mail."""

from __future__ import annotations

from app.brands import kit


def fields(**values):
    stored = kit.BrandKit()
    given = {**stored.colors, "heading_font": "Georgia", "body_font": "Arial", "button_radius": "12"}
    return {**given, "logo_alt": "", "social_links": "", "footer_text": "", **values}


def test_a_kit_is_kept_as_filled_in(client, database, workspace):
    links = "https://instagram.com/nordlicht\n\nhttps://nordlicht.example"
    answer = client.post("/brand", data=fields(primary="#aa0000", social_links=links))
    with database.transaction(workspace.id) as session:
        kept = kit.kit_of(session, workspace.id)

    assert answer.status_code == 303
    assert (kept.primary, kept.heading_font, kept.button_radius) == ("#aa0000", "Georgia", 12)
    assert kept.social == (("instagram", links.split("\n", maxsplit=1)[0]), ("website", "https://nordlicht.example"))
    assert 'value="#aa0000"' in client.get("/brand").text


def test_colours_nobody_can_read_come_back_with_a_suggestion(client):
    answer = client.post("/brand", data=fields(primary="#ffcc00"))

    assert answer.status_code == 422
    assert "contrast of 1.5 to 1" in answer.text
    assert "#000000" in answer.text


def test_a_link_that_is_not_secure_is_refused_at_its_field(client):
    answer = client.post("/brand", data=fields(social_links="http://instagram.com/nordlicht"))

    assert answer.status_code == 422
    assert "begins with https://" in answer.text


def test_the_sample_shows_what_the_form_says(client):
    answer = client.get("/brand/sample", query_string=fields(primary="#aa0000", theme="dark"))
    broken = client.get("/brand/sample", query_string=fields(primary='red;}"><script>', body_font="x"))

    assert "background:#aa0000" in answer.text
    assert kit.BrandKit.dark_background in answer.text
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert f"background:{kit.BrandKit.primary}" in broken.text
    assert "<script>" not in broken.text


def test_our_own_network_is_not_read(client):
    answer = client.post("/brand/read", data={"url": "http://127.0.0.1:9/"})
    logo = client.post("/brand/logo", data={"url": "http://169.254.169.254/logo.png"})

    assert answer.status_code == 422
    assert "not on the Internet" in answer.text
    assert logo.status_code == 422
    assert "not on the Internet" in logo.json["error"]
