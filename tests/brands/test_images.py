"""The library of images: what is added is found, changed, taken out and brought back, by its own workspace alone."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from app.accounts import undo
from app.brands import images, media, pictures
from app.brands.images import ImageRefused
from app.brands.pictures import Crop
from app.kernel.refusals import NotFound
from tests.factories import NOON
from tests.factories.pictures import a_photo, a_picture
from tests.factories.workspaces import a_workspace


@pytest.fixture
def store(settings):
    return media.of(settings)


@pytest.fixture
def rose(session, store, workspace):
    data = a_picture(color=(200, 0, 40))
    return images.add_image(session, store, workspace.id, data, "Rose.jpg", alt="A rose", now=NOON)


def test_an_image_is_served_under_a_name_nobody_can_guess(session, store, workspace, rose):
    other = images.add_image(session, store, workspace.id, a_picture(color=(0, 9, 0)), "Leaf.jpg", now=NOON)
    url = images.image_url("https://mail.example/", rose)

    assert re.fullmatch(r"https://mail\.example/i/[a-z2-7]{26}\.(jpg|png)", url)
    assert rose.token != other.token
    assert len(media.read(store, images.file_name(rose))) == rose.bytes


def test_images_are_found_by_name_and_by_what_they_show(session, store, workspace, rose):
    leaf = images.add_image(session, store, workspace.id, a_picture(color=(0, 9, 0)), "Leaf.jpg", now=NOON)

    assert images.find_images(session, workspace.id) == [leaf, rose]
    assert images.find_images(session, workspace.id, "ROSE a") == [rose]
    assert images.find_images(session, workspace.id, "100% _") == []
    assert images.find_images(session, workspace.id, limit=1, after=leaf.id) == [rose]


def test_the_same_picture_is_kept_once(session, store, workspace, rose):
    again = images.add_image(session, store, workspace.id, a_picture(color=(200, 0, 40)), "Copy.jpg", now=NOON)

    assert again.id == rose.id


def test_a_removed_image_leaves_the_library_and_goes_on_being_served(session, store, workspace, rose):
    link = images.remove_image(session, workspace.id, rose.id, staff_id=workspace.owner_id, now=NOON)

    assert images.find_images(session, workspace.id) == []
    assert media.read(store, images.file_name(rose))
    assert images.images_by_ids(session, workspace.id, [rose.id]) == {rose.id: rose}
    with pytest.raises(NotFound):
        images.image_of(session, workspace.id, rose.id)
    _take_back(session, workspace, link)
    assert images.find_images(session, workspace.id) == [rose]


def test_a_crop_is_a_new_file_of_the_same_image_and_can_be_taken_back(session, store, workspace, rose):
    was = images.file_name(rose)
    part = Crop(10, 10, 100, 60)
    link = images.crop(session, store, workspace.id, rose.id, part, staff_id=workspace.owner_id, now=NOON)

    assert (rose.width, rose.height) == (100, 60)
    assert images.file_name(rose) != was
    assert media.read(store, was)
    _take_back(session, workspace, link)
    assert (images.file_name(rose), rose.width) == (was, 320)


@pytest.mark.parametrize("part", [Crop(-1, 0, 10, 10), Crop(0, 0, 321, 10), Crop(319, 199, 2, 1)])
def test_no_part_lies_outside(session, store, workspace, rose, part: Crop):
    with pytest.raises(ImageRefused):
        images.crop(session, store, workspace.id, rose.id, part, staff_id=workspace.owner_id, now=NOON)


def test_an_image_is_made_to_fit_a_budget(session, store, workspace):
    photo = images.add_image(session, store, workspace.id, a_photo((900, 600)), "Photo.jpg", now=NOON)

    assert images.resize_to_budget(session, store, photo, width=1200, now=NOON) is photo
    small = images.resize_to_budget(session, store, photo, width=300, most_bytes=20_000, now=NOON)
    assert (small.width, small.height) == (300, 200)
    assert small.bytes <= 20_000


def test_what_is_said_of_an_image_is_one_line(session, workspace, rose):
    by = {"staff_id": workspace.owner_id, "now": NOON}

    assert images.set_alt(session, workspace.id, rose.id, "  Two\nlines\0 " + "x" * 400, **by).alt[:10] == "Two lines "
    assert len(rose.alt) == images.LONGEST_ALT
    assert images.set_focal(session, workspace.id, rose.id, 0, 100).focal_y == 100
    with pytest.raises(ImageRefused):
        images.set_focal(session, workspace.id, rose.id, 101, 0)
    with pytest.raises(ImageRefused):
        images.rename(session, workspace.id, rose.id, "  ", **by)


def test_workspaces_do_not_meet(database, session, store, workspace, rose):
    theirs = a_workspace(database, name="Other", now=NOON)
    with database.transaction(theirs.id) as other:
        copy = images.add_image(other, store, theirs.id, a_picture(color=(200, 0, 40)), "Rose.jpg", now=NOON)
        assert copy.token != rose.token
        assert images.find_images(other, theirs.id) == [copy]
        assert images.find_images(other, workspace.id) == []
        assert images.images_by_ids(other, workspace.id, [rose.id]) == {}


def test_the_store_is_a_folder_or_speaks_s3(settings, tmp_path):
    folder = media.of(replace(settings, media_url=(tmp_path / "pictures").as_uri()))
    picture = pictures.encode(a_picture())
    stored = images.store_picture(folder, picture)

    name = f"{stored.token}.{picture.format}"
    assert (tmp_path / "pictures" / "images" / name[:2] / name).read_bytes() == picture.data
    assert "bucket" in repr(media.open_store("s3://bucket/mail"))


def _take_back(session, workspace, link):
    step_id = link.values["step_id"]
    opposite, kept = undo.take(session, workspace.id, step_id, staff_id=workspace.owner_id, now=NOON)
    opposite.restore(session, workspace.id, kept, staff_id=workspace.owner_id, now=NOON)
