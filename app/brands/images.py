"""The library of images: adding, finding, changing and removing; editors, pages and the API use it.

A file never changes and is never deleted: a mail that has left may show it. A crop, a smaller size or a replacement is
a new file of the same image, and `removed_at` only takes an image out of the library.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts import audit, undo
from app.brands import media, pictures
from app.brands.media import Store
from app.brands.models import Image
from app.brands.pictures import MOST_BYTES, Crop, Picture
from app.kernel import page_links
from app.kernel.page_links import PageLink
from app.kernel.refusals import NotFound, Refusal
from app.kernel.sql import keyed_rows
from app.kernel.sql.json_values import UNSTORABLE
from app.kernel.translatable import N_

LONGEST_NAME = 200
LONGEST_ALT = 300
PAGE = 48
_TOKEN_BYTES = 16
_OF_A_FILE = ("token", "width", "height", "format", "bytes", "sha256", "focal_x", "focal_y")


class ImageRefused(Refusal):
    """What was asked of an image cannot be done."""

    status = 422


@dataclass(frozen=True)
class Stored:
    """A picture whose file is in the store, and its name there without the ending."""

    picture: Picture
    token: str


def image_url(public_url: str, image: Image) -> str:
    """Return the address mails and pages show the image from."""
    return f"{public_url.rstrip('/')}/i/{file_name(image)}"


def file_name(image: Image) -> str:
    """Return the name of its file."""
    return f"{image.token}.{image.format}"


def store_picture(store: Store, picture: Picture) -> Stored:
    """Put a file into the store, before a transaction speaks of it."""
    token = base64.b32encode(secrets.token_bytes(_TOKEN_BYTES)).decode().rstrip("=").lower()
    media.write(store, f"{token}.{picture.format}", picture.data)
    return Stored(picture, token)


def add_image(
    session: Session,
    store: Store,
    workspace_id: int,
    data: bytes,
    name: str,
    *,
    alt: str = "",
    staff_id: int | None = None,
    now: datetime,
) -> Image:
    """Add what somebody sent to the library; raise PictureRefused or PictureTooLarge.

    Views encode before they open a transaction, and call `store_picture` and `add`.
    """
    stored = store_picture(store, pictures.encode(data))
    return add(session, workspace_id, stored, name, alt=alt, staff_id=staff_id, now=now)


def add(
    session: Session,
    workspace_id: int,
    stored: Stored,
    name: str,
    *,
    alt: str = "",
    staff_id: int | None = None,
    now: datetime,
) -> Image:
    """Add a stored picture. The same picture once more is the image that is there already."""
    found = _same(session, workspace_id, stored.picture)
    if found is not None:
        if alt and not found.alt:
            found.alt = _clean(alt, LONGEST_ALT)
            session.flush()
        return found
    named = _clean(name, LONGEST_NAME) or f"image.{stored.picture.format}"
    image = Image(
        workspace_id=workspace_id,
        name=named,
        alt=_clean(alt, LONGEST_ALT),
        focal_x=50,
        focal_y=50,
        created_at=now,
        created_by=staff_id,
        **_file_values(stored),
    )
    session.add(image)
    session.flush()
    audit.note(session, image, "image.added", staff_id=staff_id, now=now)
    return image


def find(session: Session, workspace_id: int, image_id: int) -> Image | None:
    """Return the image if it is in the library."""
    image = session.get(Image, (workspace_id, image_id))
    return image if image is not None and image.removed_at is None else None


def image_of(session: Session, workspace_id: int, image_id: int) -> Image:
    """Return the image; raise NotFound, also for one that was removed."""
    image = find(session, workspace_id, image_id)
    if image is None:
        raise NotFound
    return image


def images_by_ids(session: Session, workspace_id: int, image_ids: Sequence[int]) -> dict[int, Image]:
    """Return images by id, removed ones too: what a draft shows does not vanish with the library's entry."""
    query = select(Image).where(Image.workspace_id == workspace_id, Image.id.in_(image_ids))
    return {image.id: image for image in session.scalars(query)}


def find_images(
    session: Session, workspace_id: int, search: str = "", limit: int = PAGE, after: int | None = None
) -> list[Image]:
    """Return the newest images whose name or alternative text holds the words; `after` is where a page ended."""
    query = select(Image).where(Image.workspace_id == workspace_id, Image.removed_at.is_(None))
    for word in UNSTORABLE.sub("", search)[:200].split():
        query = query.where(func.strpos(func.lower(Image.name + " " + Image.alt), word.lower()) > 0)
    if after:
        query = query.where(Image.id < after)
    return list(session.scalars(query.order_by(Image.id.desc()).limit(limit)))


def set_alt(
    session: Session, workspace_id: int, image_id: int, alt: str, *, staff_id: int | None, now: datetime
) -> Image:
    """Say what the picture shows, for those who do not see it."""
    image = _hold(session, workspace_id, image_id)
    alt = _clean(alt, LONGEST_ALT)
    if alt != image.alt:
        image.alt = alt
        audit.note(session, image, "image.changed", staff_id=staff_id, now=now)
        session.flush()
    return image


def rename(
    session: Session, workspace_id: int, image_id: int, name: str, *, staff_id: int | None, now: datetime
) -> Image:
    """Give the image a name to find it by."""
    image = _hold(session, workspace_id, image_id)
    name = _clean(name, LONGEST_NAME)
    if not name:
        raise ImageRefused(N_("Please fill this in."), field="name")
    if name != image.name:
        image.name = name
        audit.note(session, image, "image.changed", staff_id=staff_id, now=now)
        session.flush()
    return image


def set_focal(session: Session, workspace_id: int, image_id: int, x: int, y: int) -> Image:
    """Say what a narrower cut keeps in sight, in percent from the left and the top."""
    if not (0 <= x <= 100 and 0 <= y <= 100):
        raise ImageRefused(N_("The focal point lies between 0 and 100 percent."), field="focal_x")
    image = _hold(session, workspace_id, image_id)
    image.focal_x, image.focal_y = x, y
    session.flush()
    return image


def crop(
    session: Session, store: Store, workspace_id: int, image_id: int, part: Crop, *, staff_id: int, now: datetime
) -> PageLink:
    """Keep a part of the image; return what takes this back. Raise ImageRefused or PictureRefused."""
    made = cropped(store, image_of(session, workspace_id, image_id), part)
    return replace(session, workspace_id, image_id, made, staff_id=staff_id, now=now)


def cropped(store: Store, image: Image, part: Crop) -> Stored:
    """Store a part of the image, before a transaction speaks of it; raise ImageRefused or PictureRefused."""
    if min(part.left, part.top) < 0 or part.left + part.width > image.width or part.top + part.height > image.height:
        raise ImageRefused(N_("This part lies outside of the picture."), field="left")
    return store_picture(store, pictures.encode(media.read(store, file_name(image)), crop=part))


def resize_to_budget(
    session: Session, store: Store, image: Image, *, width: int, most_bytes: int = MOST_BYTES, now: datetime
) -> Image:
    """Return an image of the same picture that is at most so wide and so large; it may be the same one."""
    if image.width <= width and image.bytes <= most_bytes:
        return image
    data = media.read(store, file_name(image))
    made = store_picture(store, pictures.encode(data, width=width, most_bytes=most_bytes))
    return add(session, image.workspace_id, made, image.name, alt=image.alt, staff_id=image.created_by, now=now)


def replace(
    session: Session, workspace_id: int, image_id: int, stored: Stored, *, staff_id: int, now: datetime
) -> PageLink:
    """Let this image be another picture from now on; return what takes this back."""
    image = _hold(session, workspace_id, image_id)
    was = {name: getattr(image, name) for name in _OF_A_FILE}
    kept = {"image_id": image.id, **was, "sha256": image.sha256.hex()}
    for name, value in {**_file_values(stored), "focal_x": 50, "focal_y": 50}.items():
        setattr(image, name, value)
    audit.note(session, image, "image.changed", staff_id=staff_id, now=now)
    session.flush()
    return undo.keep(session, workspace_id, kind="brands.image_exchanged", values=kept, staff_id=staff_id, now=now)


def remove_image(session: Session, workspace_id: int, image_id: int, *, staff_id: int, now: datetime) -> PageLink:
    """Take an image out of the library; mails go on showing it. Return what takes this back."""
    image = drop(session, workspace_id, image_id, staff_id=staff_id, now=now)
    values = {"image_id": image.id}
    return undo.keep(session, workspace_id, kind="brands.image_removed", values=values, staff_id=staff_id, now=now)


def drop(session: Session, workspace_id: int, image_id: int, *, staff_id: int | None, now: datetime) -> Image:
    """Take an image out of the library for a program, which takes nothing back."""
    image = _hold(session, workspace_id, image_id)
    image.removed_at = now
    audit.note(session, image, "image.removed", staff_id=staff_id, now=now)
    session.flush()
    return image


def restore_removed(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime
) -> undo.Restored:
    """Put an image back into the library."""
    image = keyed_rows.hold(session, Image, workspace_id, values["image_id"])
    image.removed_at = None
    audit.note(session, image, "image.restored", staff_id=staff_id, now=now)
    return undo.Restored(page_links.to("brands.list_images"), N_("The image is back."))


def restore_file(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime
) -> undo.Restored:
    """Let an image show what it showed before a crop or a replacement."""
    image = _hold(session, workspace_id, values["image_id"])
    for name in _OF_A_FILE:
        setattr(image, name, bytes.fromhex(values[name]) if name == "sha256" else values[name])
    audit.note(session, image, "image.changed", staff_id=staff_id, now=now)
    return undo.Restored(page_links.to("brands.show_image", image_id=image.id), N_("The image is as it was."))


UNDO_REMOVAL = undo.Opposite("brands.image_removed", restore_removed, role="marketer")
UNDO_EXCHANGE = undo.Opposite("brands.image_exchanged", restore_file, role="marketer")


def _file_values(stored: Stored) -> dict[str, Any]:
    made = stored.picture
    return {
        "token": stored.token,
        "width": made.width,
        "height": made.height,
        "format": made.format,
        "bytes": len(made.data),
        "sha256": hashlib.sha256(made.data).digest(),
    }


def _same(session: Session, workspace_id: int, picture: Picture) -> Image | None:
    digest = hashlib.sha256(picture.data).digest()
    query = select(Image).where(Image.workspace_id == workspace_id, Image.sha256 == digest, Image.removed_at.is_(None))
    return session.scalars(query.order_by(Image.id).limit(1)).first()


def _hold(session: Session, workspace_id: int, image_id: int) -> Image:
    image = keyed_rows.hold(session, Image, workspace_id, image_id)
    if image.removed_at is not None:
        raise NotFound
    return image


def _clean(text: str, longest: int) -> str:
    """Return one line, as a database can hold it."""
    return " ".join(UNSTORABLE.sub("", text).split())[:longest]
