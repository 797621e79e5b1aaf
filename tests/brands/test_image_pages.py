"""The pages of the library: uploads with reasons against them, the picker, and what viewers may not do."""

from __future__ import annotations

import re
from io import BytesIO

import pytest

from app.brands import images, media
from app.brands.pictures import LARGEST_UPLOAD
from tests.factories import NOON
from tests.factories.accounts import a_member
from tests.factories.pictures import a_bomb, a_photo, a_picture
from tests.factories.workspaces import PASSWORD, a_workspace


@pytest.fixture
def rose(database, settings, workspace):
    with database.transaction(workspace.id) as session:
        store, data = media.of(settings), a_picture(color=(200, 0, 40))
        return images.add_image(session, store, workspace.id, data, "Rose.jpg", alt='A "rose" & more', now=NOON)


def send(client, *files, json=True, **form):
    headers = {"Accept": "application/json"} if json else {}
    data = {"file": [(BytesIO(data), name) for name, data in files], **form}
    return client.post("/images", data=data, headers=headers, content_type="multipart/form-data")


def test_a_picture_sent_by_a_script_is_described(client):
    answer = send(client, ("Garden.jpg", a_photo((1400, 900))), alt="Our garden")

    assert answer.status_code == 201
    assert answer.json["width"] == 1200
    assert answer.json["alt"] == "Our garden"
    assert re.fullmatch(r"http://mail\.shop\.test/i/[a-z2-7]{26}\.jpg", answer.json["url"])
    assert "Garden.jpg" in client.get("/images").text


def test_several_pictures_come_in_one_form(client):
    sent = ("One.png", a_picture("PNG")), ("Two.png", a_picture("PNG", color=(1, 2, 3)))
    answer = send(client, *sent, json=False)

    assert answer.status_code == 303
    assert "2 images added." in client.get("/images").text


@pytest.mark.parametrize(
    ("name", "data", "status", "said"),
    [
        ("Picture.png", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", 422, "SVG"),
        ("Bomb.png", a_bomb(), 422, "50 million"),
        ("Large.jpg", b"\xff\xd8\xff" + b"\0" * LARGEST_UPLOAD, 413, "10 MB"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_words(client, name, data, status, said):
    answer = send(client, (name, data))
    page = send(client, (name, data), json=False)

    assert (answer.status_code, page.status_code) == (status, status)
    assert said in answer.json["error"]
    assert said in page.text
    assert "No images yet" in client.get("/images").text


def test_fifty_megabytes_are_refused_before_they_are_read(client):
    answer = send(client, ("Huge.jpg", b"\xff\xd8\xff" + b"\0" * (50 * 1024 * 1024)))

    assert answer.status_code == 413
    assert "too large" in answer.text


def test_the_picker_gives_an_editor_what_it_needs(client, rose):
    answer = client.get("/images/pick?search=rose").text

    assert f'data-image-id="{rose.id}"' in answer
    assert f'data-url="http://mail.shop.test/i/{images.file_name(rose)}"' in answer
    assert 'data-alt="A &#34;rose&#34; &amp; more"' in answer
    assert 'data-width="320"' in answer
    assert 'data-height="200"' in answer
    assert f'data-image-id="{rose.id}"' not in client.get("/images/pick?search=leaf").text


def test_an_image_is_described_cropped_removed_and_brought_back(client, rose):
    page = f"/images/{rose.id}"
    client.post(page, data={"name": "Red rose", "alt": "Red", "focal_x": "10", "focal_y": "90"})
    assert 'value="Red rose"' in client.get(page).text
    answer = client.post(f"{page}/crop", data={"left": "0", "top": "0", "width": "400", "height": "10"})
    assert answer.status_code == 422
    assert "outside of the picture" in answer.text
    client.post(f"{page}/crop", data={"left": "0", "top": "0", "width": "160", "height": "100"})
    assert "160 × 100 pixels" in client.get(page).text
    client.post(f"{page}/remove")
    listed = client.get("/images").text
    assert "Red rose" not in listed
    undo = re.search(
        r'<form method="post" action="([^"]*\d)"><input[^>]*><button class="btn btn-sm btn-ghost-primary">', listed
    )
    assert undo
    client.post(undo[1])
    assert "Red rose" in client.get("/images").text


def test_an_image_is_replaced(client, rose):
    data = {"file": (BytesIO(a_picture(size=(50, 40))), "Other.jpg")}
    client.post(f"/images/{rose.id}/replace", data=data, content_type="multipart/form-data")
    assert "50 × 40 pixels" in client.get(f"/images/{rose.id}").text
    data = {"file": (BytesIO(b"nothing"), "Other.jpg")}
    refused = client.post(f"/images/{rose.id}/replace", data=data, content_type="multipart/form-data")
    assert refused.status_code == 422
    assert "no picture" in refused.text


def test_viewers_see_and_change_nothing(app, database, workspace, rose):
    with database.transaction(workspace.id) as session:
        email = a_member(session, workspace.id, role="viewer", now=NOON).email
    viewer = app.test_client()
    viewer.post("/login", data={"email": email, "password": PASSWORD})

    assert "Rose.jpg" in viewer.get("/images").text
    assert "Rose.jpg" in viewer.get(f"/images/{rose.id}").text
    assert viewer.get("/brand").status_code == 200
    for path in ("/images", f"/images/{rose.id}", f"/images/{rose.id}/remove", f"/images/{rose.id}/crop", "/brand"):
        assert viewer.post(path).status_code == 403


def test_images_of_others_do_not_exist(client, database, settings):
    theirs = a_workspace(database, name="Other", now=NOON)
    with database.transaction(theirs.id) as session:
        foreign = images.add_image(session, media.of(settings), theirs.id, a_picture(), "Secret.jpg", now=NOON)

    assert "Secret.jpg" not in client.get("/images").text
    assert client.get(f"/images/{foreign.id}").status_code == 404
    assert client.post(f"/images/{foreign.id}/remove").status_code == 404
