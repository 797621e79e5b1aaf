"""What is made of a picture somebody sends: small, upright, without a camera's notes."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image as Pillow

from app.brands import pictures
from app.brands.pictures import LARGEST_UPLOAD, MOST_BYTES, WIDEST, Crop, PictureRefused, PictureTooLarge
from tests.factories.pictures import a_bomb, a_photo, a_picture, an_animation, sixteen_bit, with_position

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def opened(data: bytes) -> Pillow.Image:
    picture = Pillow.open(BytesIO(data))
    picture.load()
    return picture


def test_a_photo_becomes_a_jpeg_within_width_and_budget():
    made = pictures.encode(a_photo((3000, 2000), quality=95))

    assert (made.format, made.width) == ("jpg", WIDEST)
    assert made.height == 800
    assert len(made.data) <= MOST_BYTES
    assert opened(made.data).size == (made.width, made.height)


def test_noise_that_no_quality_makes_small_becomes_narrower():
    made = pictures.encode(a_photo((600, 600), grain=3), most_bytes=12_000)

    assert len(made.data) <= 12_000
    assert made.width < 600


def test_a_photo_loses_its_place_and_stands_upright():
    made = pictures.encode(with_position((300, 200)))
    picture = opened(made.data)

    assert (made.width, made.height) == (200, 300)
    assert dict(picture.getexif()) == {}
    assert b"Lovelace" not in made.data
    assert b"secret remark" not in made.data
    assert b"Exif" not in made.data


def test_transparency_stays():
    made = pictures.encode(a_picture("PNG", mode="RGBA", color=(10, 20, 30, 0)))

    assert made.format == "png"
    assert opened(made.data).convert("RGBA").getpixel((5, 5))[3] == 0


def test_a_large_picture_with_transparency_keeps_within_the_budget():
    photo = opened(a_photo((1400, 900), grain=6)).convert("RGBA")
    photo.putalpha(Pillow.linear_gradient("L").resize(photo.size))
    written = BytesIO()
    photo.save(written, "PNG")

    made = pictures.encode(written.getvalue())

    assert made.format == "png"
    assert len(made.data) <= MOST_BYTES


def test_a_picture_of_few_colours_is_a_png_without_loss():
    made = pictures.encode(a_picture("BMP", color=(1, 2, 3)))

    assert made.format == "png"
    assert opened(made.data).convert("RGB").getpixel((0, 0)) == (1, 2, 3)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_printers_colours_become_a_screens(kind: str):
    made = pictures.encode(a_picture(kind, mode="CMYK", color=(0, 255, 255, 0)))
    red, green, blue = opened(made.data).convert("RGB").getpixel((10, 10))

    assert red > 200
    assert max(green, blue) < 90


def test_sixteen_bits_become_eight_without_being_cut_off():
    made = pictures.encode(sixteen_bit())
    picture = opened(made.data).convert("L")

    assert picture.getpixel((0, 10)) < 10
    assert 110 < picture.getpixel((128, 10)) < 146
    assert picture.getpixel((255, 10)) > 245


def test_an_animation_goes_on_moving():
    made = pictures.encode(an_animation(frames=6))
    picture = opened(made.data)

    assert made.format == "gif"
    assert picture.n_frames == 6
    assert picture.info["loop"] == 0


def test_a_part_of_a_picture_is_cut_out():
    made = pictures.encode(a_picture(size=(320, 200)), crop=Crop(10, 20, 100, 50))

    assert (made.width, made.height) == (100, 50)


def test_a_still_webp_is_served_as_what_mailboxes_show():
    assert pictures.encode(a_photo((400, 300), "WEBP")).format == "jpg"


def test_nothing_of_the_bytes_behind_a_picture_is_served():
    """A file may be a picture and an archive or a page at once."""
    made = pictures.encode(a_picture() + b"<script>alert(1)</script>PK\x03\x04")

    assert b"script" not in made.data
    assert b"PK\x03\x04" not in made.data


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (a_bomb(), "50 million pixels"),
        (a_picture("PNG", (400, 400))[:-300], "damaged"),
        (a_photo((800, 600))[:9000], "damaged"),
        (SVG, "SVG"),
        (b"  \n<!DOCTYPE html><body onload=alert(1)>", "SVG"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>" + SVG, "SVG"),
        (b"PK\x03\x04" + b"\0" * 300, "no picture"),
        (b"", "Choose a picture"),
        (an_animation(frames=201, size=(4, 4)), "200 frames"),
        (an_animation(frames=8, size=(3000, 2600)), "60 million"),
    ],
)
def test_what_is_no_picture_is_refused_with_its_reason(data: bytes, said: str):
    with pytest.raises(PictureRefused) as refused:
        pictures.encode(data)

    assert said in str(refused.value)


def test_a_huge_file_is_refused_before_it_is_read():
    with pytest.raises(PictureTooLarge):
        pictures.encode(b"\xff\xd8\xff" + b"\0" * LARGEST_UPLOAD)


def test_a_child_that_died_is_replaced():
    ended = pictures.encoders.ended
    with pytest.raises(PictureRefused):
        pictures.encode(a_bomb(7_050))

    assert pictures.encode(a_picture()).format in ("jpg", "png")
    assert pictures.encoders.ended <= ended + 1
