"""Makes what mailboxes can show (JPEG, PNG, GIF) of a picture somebody sent, in a child with limits."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from app.brands import picture_child
from app.kernel.processes.sandbox import ChildBusy, ChildDied, Limits, Sandbox
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_, MessageId

LARGEST_UPLOAD = 10 * 1024 * 1024
WIDEST = 1200
MOST_BYTES = 200 * 1024
MOST_ANIMATED_BYTES = 1024 * 1024
MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif"}
encoders = Sandbox(
    Path(picture_child.__file__),
    limits=Limits(cpu_seconds=15, seconds=40, memory_bytes=2 << 30, answer_bytes=4 << 20),
)
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!doctype|!--|svg|html|script|[a-z]+[\s>])", re.IGNORECASE)
NO_FILE = N_("Choose a picture.")
_REASONS: dict[str, MessageId] = {
    "unknown": N_("This is no picture that can be read. Choose a JPEG, PNG, GIF or WebP."),
    "broken": N_("This picture is damaged or incomplete. Save it again and choose the new file."),
    "pixels": N_(
        "Unpacked, this picture has more than 50 million pixels. Make it smaller first; mails need 1,200 pixels."
    ),
    "frames": N_("This animation has more than 200 frames. Mails need a short one."),
    "animated_pixels": N_("This animation is too large: all its frames together have more than 60 million pixels."),
    "animated_bytes": N_("Even at a quarter of a mail's width this animation is larger than 1 MB. Shorten it."),
}


class PictureRefused(Refusal):
    """What was sent is no picture, or one that cannot be taken."""

    status = 422
    message = N_("This picture cannot be used.")


class PictureTooLarge(Refusal):
    """The file is larger than what is read."""

    status = 413
    message = N_("This file has more than 10 MB. Make the picture smaller first; mails need 1,200 pixels in width.")


@dataclass(frozen=True)
class Picture:
    """An encoded picture as it is served; `format` is one of `MEDIA_TYPES`."""

    data: bytes
    format: str
    width: int
    height: int


@dataclass(frozen=True)
class Crop:
    """A part of a picture, in its pixels."""

    left: int
    top: int
    width: int
    height: int


def encode(data: bytes, *, width: int = WIDEST, most_bytes: int = MOST_BYTES, crop: Crop | None = None) -> Picture:
    """Return the picture anew, upright, without what a camera noted, at most so wide and so large.

    An animation may have a megabyte. Raise PictureTooLarge or PictureRefused.
    """
    if len(data) > LARGEST_UPLOAD:
        raise PictureTooLarge(field="file")
    if not data:
        raise PictureRefused(NO_FILE, field="file")
    if _MARKUP.match(data[:400]):
        raise PictureRefused(
            N_("SVG and HTML are programs rather than pictures, and mailboxes do not show them. Save it as PNG."),
            field="file",
        )
    wanted = {"width": width, "bytes": most_bytes, "animated_bytes": MOST_ANIMATED_BYTES}
    if crop:
        wanted |= {"crop": [crop.left, crop.top, crop.width, crop.height]}  # type: ignore[dict-item]
    try:
        answer = encoders.run(json.dumps(wanted).encode() + b"\n" + data)
    except ChildDied:
        raise PictureRefused(_REASONS["pixels"], field="file") from None
    except ChildBusy:
        raise PictureRefused(N_("Other pictures are being read. Try again in a moment."), field="file") from None
    if not answer.startswith(picture_child.DONE):
        raise PictureRefused(_REASONS.get(answer[1:].decode(), _REASONS["broken"]), field="file")
    head, _, made = answer[1:].partition(b"\n")
    return Picture(made, **json.loads(head))
