"""The published schema of a mail made of blocks, as it is stored: JSON that pydantic reads and writes.

Every text may hold merge fields. What has no place in a mail is refused with the place it stands at; what a rich text
may not hold is taken out (`rich_text`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from app.kernel.refusals import Refusal
from app.kernel.translatable import N_
from app.rendering.blocks import rich_text

MOST_BLOCKS = 200

_ID = r"[A-Za-z0-9]{1,24}"
Align = Literal["start", "center", "end"]
Colour = Annotated[str, StringConstraints(pattern=r"^(#[0-9a-fA-F]{6})?$")]
Line = Annotated[str, StringConstraints(max_length=1_000)]
Link = Annotated[str, StringConstraints(max_length=4_000, strip_whitespace=True)]
# What a condition compares with stands between quotes in the template.
Plain = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\"'\\{}%\r\n]*$")]
FieldName = Annotated[str, StringConstraints(pattern=r"^customer\.[a-z][a-z0-9_]{0,62}$")]
_LINK = re.compile(r"(?:https?://|mailto:|tel:|sms:|#|\{\{)", re.IGNORECASE)


class SourceUnreadable(Refusal):
    """What should be a mail made of blocks is none."""

    status = 422
    message = N_("This is no mail made of blocks: %(place)s: %(reason)s")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Condition(_Strict):
    """Who sees a block: people with (or without) a value, with this value, or with this tag."""

    field: FieldName
    test: Literal["filled", "empty", "equals", "differs", "has_tag", "lacks_tag"]
    value: Plain = ""


class _Block(_Strict):
    id: Annotated[str, StringConstraints(pattern=f"^{_ID}$")]
    # Where it is left out: in narrow windows or in wide ones.
    hide_on: Literal["", "phone", "desktop"] = ""
    when: Condition | None = None
    background: Colour = ""
    # Pixels above and below.
    space: Annotated[int, Field(ge=0, le=120)] = 10


class _Linked(_Block):
    href: Link = ""

    @field_validator("href")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if value and not _LINK.match(value):
            raise ValueError("a link begins with https://, mailto:, tel: or a merge field")
        return value


class Heading(_Block):
    """A heading of level 1, 2 or 3."""

    kind: Literal["heading"] = "heading"
    text: Line = ""
    level: Literal[1, 2, 3] = 2
    align: Align = "start"
    color: Colour = ""


class Text(_Block):
    """Paragraphs and lists: HTML of p, strong, em, u, s, a, br, ul, ol, li."""

    kind: Literal["text"] = "text"
    html: Annotated[str, StringConstraints(max_length=60_000)] = ""
    align: Align = "start"
    size: Literal["small", "normal", "large"] = "normal"
    color: Colour = ""

    @field_validator("html")
    @classmethod
    def _clean(cls, value: str) -> str:
        return rich_text.clean(value)


class Image(_Linked):
    """A picture; `width` is its share of the column in percent. One that only decorates has no alt."""

    kind: Literal["image"] = "image"
    src: Link = ""
    alt: Line = ""
    is_decorative: bool = False
    width: Annotated[int, Field(ge=5, le=100)] = 100
    align: Align = "center"
    radius: Annotated[int, Field(ge=0, le=40)] = 0
    # Of the picture itself, in pixels; 0 where it is not known.
    pixels_wide: Annotated[int, Field(ge=0, le=20_000)] = 0
    pixels_high: Annotated[int, Field(ge=0, le=20_000)] = 0

    @field_validator("src")
    @classmethod
    def _is_picture(cls, value: str) -> str:
        if value and not re.match(r"https?://|\{\{", value, re.IGNORECASE):
            raise ValueError("a picture's address begins with https://")
        return value


class Button(_Linked):
    """One thing to do."""

    kind: Literal["button"] = "button"
    text: Line = ""
    align: Align = "center"
    is_wide: bool = False
    fill: Colour = ""
    color: Colour = ""


class Quote(_Block):
    """Somebody's words, and whose they are."""

    kind: Literal["quote"] = "quote"
    html: Annotated[str, StringConstraints(max_length=20_000)] = ""
    author: Line = ""

    @field_validator("html")
    @classmethod
    def _clean(cls, value: str) -> str:
        return rich_text.clean(value)


class Divider(_Block):
    """A line across."""

    kind: Literal["divider"] = "divider"
    color: Colour = ""
    thickness: Annotated[int, Field(ge=1, le=8)] = 1
    width: Annotated[int, Field(ge=5, le=100)] = 100


class Spacer(_Block):
    """Nothing, for so many pixels."""

    kind: Literal["spacer"] = "spacer"
    height: Annotated[int, Field(ge=4, le=200)] = 24


class SocialLink(_Strict):
    """Where the company is found on one network."""

    network: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    href: Annotated[str, StringConstraints(max_length=4_000, pattern=r"^https?://")]


class Social(_Block):
    """Links to networks; without links of its own, those of the brand."""

    kind: Literal["social"] = "social"
    links: Annotated[tuple[SocialLink, ...], Field(max_length=12)] = ()
    align: Align = "center"


class Video(_Linked):
    """A still of a video that leads to it: no mailbox plays one."""

    kind: Literal["video"] = "video"
    src: Link = ""
    title: Line = ""

    @field_validator("src")
    @classmethod
    def _is_picture(cls, value: str) -> str:
        if value and not re.match(r"https?://", value, re.IGNORECASE):
            raise ValueError("a picture's address begins with https://")
        return value


class Product(_Block):
    """Products of the catalogue: those named, or the ones bought most lately, beside one another."""

    kind: Literal["product"] = "product"
    source: Literal["chosen", "popular"] = "chosen"
    product_ids: Annotated[tuple[Annotated[int, Field(ge=1, le=2**63 - 1)], ...], Field(max_length=9)] = ()
    category: Annotated[str, StringConstraints(max_length=300)] = ""
    count: Annotated[int, Field(ge=1, le=9)] = 3
    columns: Annotated[int, Field(ge=1, le=3)] = 3
    shows_price: bool = True
    button: Annotated[str, StringConstraints(max_length=100)] = ""


class Raw(_Block):
    """Markup of the author's own: a stretch of HTML, or MJML as it may stand in a column."""

    kind: Literal["raw"] = "raw"
    format: Literal["html", "mjml"] = "html"
    source: Annotated[str, StringConstraints(max_length=100_000)] = ""


class Header(_Linked):
    """The company's logo, or its name where it has none."""

    kind: Literal["header"] = "header"
    align: Align = "start"


class Footer(_Block):
    """Why this was sent, the postal address, and how to stop it; it stays whatever the author does."""

    kind: Literal["footer"] = "footer"
    html: Annotated[str, StringConstraints(max_length=20_000)] = ""

    @field_validator("html")
    @classmethod
    def _clean(cls, value: str) -> str:
        return rich_text.clean(value)


Leaf = Annotated[
    Heading | Text | Image | Button | Quote | Divider | Spacer | Social | Video | Product | Raw | Header | Footer,
    Field(discriminator="kind"),
]


class Columns(_Block):
    """Blocks beside one another; in narrow windows below one another, unless they stay."""

    kind: Literal["columns"] = "columns"
    ratio: Literal["1:1", "1:2", "2:1", "1:1:1", "1:1:1:1"] = "1:1"
    columns: tuple[Annotated[tuple[Leaf, ...], Field(max_length=20)], ...]
    stays: bool = False

    @model_validator(mode="after")
    def _as_many_as_the_ratio(self) -> Columns:
        if len(self.columns) != self.ratio.count(":") + 1:
            raise ValueError("there are as many columns as parts of the ratio")
        return self


Block = Annotated[
    Heading | Text | Image | Button | Quote | Divider | Spacer | Social | Video | Product | Raw | Header | Footer
    | Columns,
    Field(discriminator="kind"),
]  # fmt: skip


class Mail(_Strict):
    """A whole mail: its blocks from top to bottom. `width` is the sheet's, in pixels."""

    version: Literal[1] = 1
    width: Annotated[int, Field(ge=320, le=900)] = 600
    blocks: Annotated[tuple[Block, ...], Field(max_length=MOST_BLOCKS)] = ()

    @model_validator(mode="after")
    def _ids_are_own(self) -> Mail:
        known = [block.id for block in every(self)]
        if len(known) > MOST_BLOCKS:
            raise ValueError(f"a mail has at most {MOST_BLOCKS} blocks")
        if len(set(known)) != len(known):
            raise ValueError("two blocks have the same id")
        return self


def every(mail: Mail) -> Iterator[Any]:
    """Yield each block, those in columns after the columns they stand in."""
    for block in mail.blocks:
        yield block
        if isinstance(block, Columns):
            for column in block.columns:
                yield from column


def product_blocks(mail: Mail) -> list[Product]:
    """Return the product blocks, also those in columns."""
    return [block for block in every(mail) if block.kind == "product"]


def read(source: str) -> Mail:
    """Return the mail a stored source is; raise SourceUnreadable with the place and the reason."""
    try:
        return Mail.model_validate_json(source)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"] if part not in KINDS) or "JSON"
        raise SourceUnreadable(field="source", place=place, reason=first["msg"]) from error
    except RecursionError as error:
        raise SourceUnreadable(field="source", place="JSON", reason="nested too deeply") from error


def write(mail: Mail) -> str:
    """Return the source a mail is stored as."""
    return mail.model_dump_json()


KINDS = (
    *("header", "heading", "text", "image", "button", "columns", "product", "quote", "divider", "spacer"),
    *("social", "video", "raw", "footer"),
)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a mail, as it is published."""
    return Mail.model_json_schema()
