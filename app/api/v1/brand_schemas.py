"""What programs send and read of images and of the look of mails."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.api.v1.schemas import Line, Sent
from app.brands.images import LONGEST_ALT
from app.brands.kit import KitFields
from app.kernel.translatable import N_

BrandOut = KitFields


class BrandIn(KitFields, Sent):
    """How mails look. What is left out is as in the default kit."""


class ImageChangeIn(Sent):
    """What is said of an image."""

    alt: Annotated[Line, Field(max_length=LONGEST_ALT)] = Field(
        description=N_("What the picture shows, for people who do not see it.")
    )


class ImageOut(BaseModel):
    """An image of the library. Its url never shows anything else."""

    id: int
    url: str
    name: str
    alt: str
    width: int
    height: int
    bytes: int
    focal_x: int
    focal_y: int
    created_at: datetime


class ImagesOut(BaseModel):
    """Images, the newest first; `next` is the `after` of the page that follows, null on the last one."""

    images: list[ImageOut]
    next: int | None
