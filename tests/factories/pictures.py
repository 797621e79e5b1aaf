"""Pictures as people send them: real files, made by Pillow, good ones and bad ones."""

from __future__ import annotations

import random
import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image as Pillow


def a_picture(
    kind: str = "JPEG",
    size: tuple[int, int] = (320, 200),
    *,
    mode: str = "RGB",
    color: Any = (200, 30, 60),
    **options: Any,
) -> bytes:
    """Return a picture of one colour."""
    return _saved(Pillow.new(mode, size, color), kind, **options)


def a_photo(size: tuple[int, int] = (1600, 1200), kind: str = "JPEG", *, grain: int = 20, **options: Any) -> bytes:
    """Return a picture of many colours; the finer its grain in pixels, the harder it is to compress."""
    width, height = size[0] // grain, size[1] // grain
    small = Pillow.frombytes("RGB", (width, height), random.Random(1).randbytes(width * height * 3))
    return _saved(small.resize(size, Pillow.Resampling.BICUBIC), kind, **options)


def an_animation(frames: int = 6, size: tuple[int, int] = (120, 80)) -> bytes:
    """Return an animated GIF whose frames differ."""
    drawn = [Pillow.new("RGB", size, (number * 37 % 256, 90, 200 - number % 200)) for number in range(frames)]
    return _saved(drawn[0], "GIF", save_all=True, append_images=drawn[1:], duration=80, loop=0)


def with_position(size: tuple[int, int] = (300, 200)) -> bytes:
    """Return a photo that says where it was taken, by whom, and that it lies on its side."""
    exif = Pillow.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x013B] = "Ada Lovelace"
    exif.get_ifd(0x8825).update({1: "N", 2: (53.0, 33.0, 0.0), 3: "E", 4: (9.0, 59.0, 0.0)})
    return a_picture(size=size, exif=exif, comment=b"secret remark")


def a_bomb(side: int = 30_000) -> bytes:
    """Return a small PNG that says it has so many pixels on each side."""
    head = struct.pack("!IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 4096)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data) for kind, data in ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b""))
    )


def sixteen_bit() -> bytes:
    """Return a grey PNG with 16 bits, from black to white."""
    greys = struct.pack("<256H", *range(0, 65536, 256))
    return _saved(Pillow.frombytes("I;16", (256, 1), greys).resize((256, 20)), "PNG")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))


def _saved(picture: Pillow.Image, kind: str, **options: Any) -> bytes:
    written = BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()
