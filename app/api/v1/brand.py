"""Images and the look of mails for programs: the same actions that pages use."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.api.v1.brand_schemas import BrandIn, BrandOut, ImageChangeIn, ImageOut, ImagesOut
from app.brands import images, kit
from app.brands.images import PAGE, Stored
from app.brands.models import Image


def read_brand(session: Session, workspace_id: int) -> BrandOut:
    """Return the brand kit."""
    return kit.fields_of(kit.kit_of(session, workspace_id))


def change_brand(session: Session, workspace_id: int, given: BrandIn, *, now: datetime) -> BrandOut:
    """Let mails look so; raise KitRefused."""
    kit.hold(session, workspace_id)
    return kit.fields_of(kit.save_kit(session, workspace_id, kit.kit_from(given), staff_id=None, now=now))


def add_image(
    session: Session, workspace_id: int, stored: Stored, name: str, alt: str, public_url: str, *, now: datetime
) -> ImageOut:
    """Add a stored picture to the library."""
    return described(images.add(session, workspace_id, stored, name, alt=alt, now=now), public_url)


def list_images(session: Session, workspace_id: int, search: str, after: int, public_url: str) -> ImagesOut:
    """Return a page of the library."""
    found = images.find_images(session, workspace_id, search, PAGE, after)
    following = found[-1].id if len(found) == PAGE else None
    return ImagesOut(images=[described(each, public_url) for each in found], next=following)


def change_image(
    session: Session, workspace_id: int, image_id: int, given: ImageChangeIn, public_url: str, *, now: datetime
) -> ImageOut:
    """Say what the picture shows; raise NotFound."""
    image = images.set_alt(session, workspace_id, image_id, given.alt, staff_id=None, now=now)
    return described(image, public_url)


def described(image: Image, public_url: str) -> ImageOut:
    """Return an image as programs read it."""
    return ImageOut(
        id=image.id,
        url=images.image_url(public_url, image),
        name=image.name,
        alt=image.alt,
        width=image.width,
        height=image.height,
        bytes=image.bytes,
        focal_x=image.focal_x,
        focal_y=image.focal_y,
        created_at=image.created_at,
    )
