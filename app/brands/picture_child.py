"""The program that decodes a picture somebody sent and encodes it anew, run by `pictures` through the kernel's sandbox.

A request is a line of JSON (`Wanted`) and the octets of the picture. Nothing of these is in the answer: pixels are
drawn into an empty picture, so that neither places, comments nor what hides behind the last pixel is served.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # Started by its path, it does not know where our packages are.
    sys.path[0:0] = [str(Path(__file__).resolve().parents[2])]

from PIL import Image as Pillow
from PIL import ImageCms, ImageOps, ImageSequence, UnidentifiedImageError

from app.kernel.processes import sandbox

DONE, REFUSED = b"d", b"r"
READ = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
MOST_PIXELS = 50_000_000
MOST_FRAMES = 200
# All frames of an animation together, as they are decoded.
MOST_ANIMATED_PIXELS = 60_000_000
_TALLEST = 6_000
_LEAST_WIDTH = 40
_QUALITIES = (86, 78, 68, 56)
_ANIMATED_WIDTHS = (600, 480, 360, 240)
Pillow.MAX_IMAGE_PIXELS = MOST_PIXELS
warnings.simplefilter("error", Pillow.DecompressionBombWarning)


class Refused(Exception):
    """The picture is not taken; its text names the reason that `pictures` has words for."""


def answer(request: bytes) -> bytes:
    """Return a line of JSON about the new picture and its octets, or why there is none; the first octet says which."""
    head, _, data = request.partition(b"\n")
    try:
        made, about = encode(data, json.loads(head))
    except Refused as refused:
        return REFUSED + str(refused).encode()
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning):
        return REFUSED + b"pixels"
    except UnidentifiedImageError:
        return REFUSED + b"unknown"
    except (OSError, SyntaxError, ValueError, IndexError, KeyError, TypeError, EOFError):
        return REFUSED + b"broken"
    except MemoryError:
        return REFUSED + b"pixels"
    return DONE + json.dumps(about).encode() + b"\n" + made


def encode(data: bytes, wanted: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """Return the picture as it is served, and its format, width and height; raise Refused.

    `wanted` has `width` and `bytes`, the most of each, `animated_bytes`, and maybe `crop`: left, top, width and height
    in pixels of the picture as it is seen.
    """
    with Pillow.open(BytesIO(data), formats=READ) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise Refused("pixels")
        if opened.format == "GIF" and getattr(opened, "n_frames", 1) > 1:
            return _animated(opened, wanted)
        if opened.format == "JPEG" and not wanted.get("crop"):
            # A decoder of JPEG gives a half, a quarter or an eighth of each side for less work.
            opened.draft(None, (2 * wanted["width"], 2 * wanted["width"]))
        opened.load()
        picture = _plain(opened)
    picture = _fitted(_cropped(picture, wanted.get("crop")), wanted["width"])
    made, kind = _still(picture, wanted["bytes"])
    with Pillow.open(BytesIO(made)) as seen:
        return made, {"format": kind, "width": seen.width, "height": seen.height}


def _plain(opened: Pillow.Image) -> Pillow.Image:
    """Return the pixels upright, in sRGB with 8 bits, as RGB or RGBA, and nothing else of the file."""
    upright = ImageOps.exif_transpose(opened)
    profile = opened.info.get("icc_profile")
    if upright.mode.startswith("I;16") or upright.mode in ("I", "F"):
        # Values up to 65,535; Pillow would cut them off at 255.
        upright = upright.convert("F").point(lambda value: value * (1 / 257)).convert("L")
        profile = None
    has_alpha = upright.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in upright.info
    if profile and not has_alpha and upright.mode in ("RGB", "CMYK", "L"):
        upright = _as_srgb(upright, profile)
    if has_alpha:
        drawn = upright.convert("RGBA")
        lowest = drawn.getchannel("A").getextrema()[0]
        if isinstance(lowest, int | float) and lowest < 255:
            return _redrawn(drawn)
    return _redrawn(upright.convert("RGB"))


def _as_srgb(picture: Pillow.Image, profile: bytes) -> Pillow.Image:
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return converted or picture


def _redrawn(picture: Pillow.Image) -> Pillow.Image:
    """Return a new picture of the same pixels: what the file said beside them does not come along."""
    fresh = Pillow.new(picture.mode, picture.size)
    fresh.paste(picture, (0, 0))
    return fresh


def _cropped(picture: Pillow.Image, crop: list[int] | None) -> Pillow.Image:
    if not crop:
        return picture
    left, top, width, height = crop
    left, top = max(0, min(left, picture.width - 1)), max(0, min(top, picture.height - 1))
    right, bottom = min(picture.width, left + max(1, width)), min(picture.height, top + max(1, height))
    return picture.crop((left, top, right, bottom))


def _fitted(picture: Pillow.Image, width: int) -> Pillow.Image:
    share = min(1.0, width / picture.width, _TALLEST / picture.height)
    return picture if share == 1.0 else _scaled(picture, share)


def _scaled(picture: Pillow.Image, share: float) -> Pillow.Image:
    size = (max(1, round(picture.width * share)), max(1, round(picture.height * share)))
    return picture.resize(size, Pillow.Resampling.LANCZOS)


def _still(picture: Pillow.Image, most: int) -> tuple[bytes, str]:
    """Return the first encoding that keeps within so many octets, of the full size or of a smaller one."""
    while True:
        smallest = (b"", "")
        for made in _encodings(picture):
            if len(made[0]) <= most:
                return made
            smallest = min(smallest, made, key=lambda each: len(each[0]) or sys.maxsize)
        if picture.width <= _LEAST_WIDTH or picture.height <= 1:
            return smallest
        # Octets go with the area, more or less.
        picture = _scaled(picture, min(0.9, max(0.3, 0.95 * (most / len(smallest[0])) ** 0.5)))


def _encodings(picture: Pillow.Image) -> Iterator[tuple[bytes, str]]:
    """Yield what may be served, the best first: PNG where few colours or transparency ask for it, else JPEG."""
    if picture.mode == "RGBA":
        yield _saved(picture, "PNG"), "png"
        yield _saved(picture.quantize(256, method=Pillow.Quantize.FASTOCTREE), "PNG"), "png"
        return
    colors = picture.getcolors(256)
    if colors is not None:
        yield _saved(picture.quantize(max(2, len(colors)), dither=Pillow.Dither.NONE), "PNG", optimize=True), "png"
    for quality in _QUALITIES:
        yield _saved(picture, "JPEG", quality=quality, optimize=True, progressive=True), "jpg"


def _animated(opened: Pillow.Image, wanted: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """Return the animation drawn anew, at the widest size that keeps within its octets; raise Refused."""
    count = int(getattr(opened, "n_frames", 1))
    if count > MOST_FRAMES:
        raise Refused("frames")
    if count * opened.width * opened.height > MOST_ANIMATED_PIXELS:
        raise Refused("animated_pixels")
    lengths, frames = [], []
    for frame in ImageSequence.Iterator(opened):
        lengths.append(max(20, int(frame.info.get("duration") or 100)))
        frames.append(_cropped(_redrawn(frame.convert("RGBA")), wanted.get("crop")))
    loop = int(opened.info.get("loop", 1)) if "loop" in opened.info else None
    widest = min(frames[0].width, wanted["width"])
    for width in (widest, *(each for each in _ANIMATED_WIDTHS if each < widest)):
        fitted = [_fitted(frame, width) for frame in frames]
        looping = {} if loop is None else {"loop": loop}
        made = _saved(
            fitted[0],
            "GIF",
            save_all=True,
            append_images=fitted[1:],
            duration=lengths,
            disposal=2,
            optimize=True,
            **looping,
        )
        if len(made) <= wanted["animated_bytes"]:
            return made, {"format": "gif", "width": fitted[0].width, "height": fitted[0].height}
    raise Refused("animated_bytes")


def _saved(picture: Pillow.Image, kind: str, **options: Any) -> bytes:
    written = BytesIO()
    picture.info = {}
    picture.save(written, kind, **options)
    return written.getvalue()


if __name__ == "__main__":
    sandbox.serve(answer)
