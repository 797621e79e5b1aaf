"""Reads and writes a workspace's brand kit: mails, their editor and the API draw with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts import audit
from app.brands import contrast, images
from app.brands.models import StoredKit
from app.kernel.refusals import Refusal
from app.kernel.sql.json_values import storable
from app.kernel.translatable import N_, MessageId

_CHINESE = "'PingFang SC', 'Microsoft YaHei', 'Noto Sans SC'"
_CHINESE_SERIF = "'Songti SC', SimSun, 'Noto Serif SC'"
# Fonts that mailboxes have without fetching any, each with what stands in for it.
FONTS: dict[str, str] = {
    "System": f"-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, {_CHINESE}, Arial, sans-serif",
    "Arial": f"Arial, 'Helvetica Neue', Helvetica, {_CHINESE}, sans-serif",
    "Verdana": f"Verdana, Geneva, {_CHINESE}, sans-serif",
    "Tahoma": f"Tahoma, Geneva, Verdana, {_CHINESE}, sans-serif",
    "Trebuchet": f"'Trebuchet MS', 'Lucida Grande', {_CHINESE}, sans-serif",
    "Georgia": f"Georgia, 'Times New Roman', {_CHINESE_SERIF}, serif",
    "Times": f"'Times New Roman', Times, {_CHINESE_SERIF}, serif",
    "Palatino": f"'Palatino Linotype', Palatino, 'Book Antiqua', {_CHINESE_SERIF}, serif",
    "Courier": f"'Courier New', Courier, {_CHINESE}, monospace",
}
# The networks a footer links to, by the name people know them by.
NETWORKS: dict[str, str] = {
    "facebook": "Facebook",
    "instagram": "Instagram",
    "linkedin": "LinkedIn",
    "mastodon": "Mastodon",
    "bluesky": "Bluesky",
    "pinterest": "Pinterest",
    "tiktok": "TikTok",
    "threads": "Threads",
    "wechat": "WeChat",
    "weibo": "Weibo",
    "x": "X",
    "xiaohongshu": "Xiaohongshu",
    "youtube": "YouTube",
    "website": "Website",
}
WIDEST_RADIUS = 40
MOST_SOCIAL = 12
COLORS = (
    *("primary", "primary_text", "text", "background", "surface", "link"),
    *("dark_text", "dark_background", "dark_surface", "dark_link"),
)
# Words in the first colour stand on the second.
_READ_ON = (
    ("primary_text", "primary"),
    *(("text", "background"), ("text", "surface"), ("link", "background"), ("link", "surface")),
    *(("dark_text", "dark_background"), ("dark_text", "dark_surface")),
    *(("dark_link", "dark_background"), ("dark_link", "dark_surface")),
)


@dataclass(frozen=True)
class BrandKit:
    """How the mails of a workspace look. Colours are "#rrggbb", fonts keys of `FONTS`, the radius pixels."""

    logo_image_id: int | None = None
    logo_alt: str = ""
    primary: str = "#2f5bd0"
    primary_text: str = "#ffffff"
    text: str = "#1f2430"
    background: str = "#f4f5f7"
    surface: str = "#ffffff"
    link: str = "#2f5bd0"
    dark_text: str = "#e8eaf0"
    dark_background: str = "#12151b"
    dark_surface: str = "#1c2029"
    dark_link: str = "#9db4ff"
    heading_font: str = "System"
    body_font: str = "System"
    button_radius: int = 6
    social: tuple[tuple[str, str], ...] = ()
    footer_text: str = ""

    @property
    def colors(self) -> dict[str, str]:
        """Return the colours by name."""
        return {name: getattr(self, name) for name in COLORS}


class KitRefused(Refusal):
    """Mails in this look could not be read, or a value is none that mails can carry."""

    status = 422
    message = N_("This look cannot be used.")


def _https(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username is not None or not url.isprintable():
        raise ValueError("must be an https address")
    return url


def _known(names: dict[str, str], name: str) -> str:
    if name not in names:
        raise ValueError(f"must be one of {', '.join(names)}")
    return name


Color = Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$"), AfterValidator(str.lower)]
Font = Annotated[str, AfterValidator(lambda name: _known(FONTS, name))]
Network = Annotated[str, AfterValidator(lambda name: _known(NETWORKS, name))]
HttpsUrl = Annotated[str, Field(max_length=1000), AfterValidator(_https)]
ImageId = Annotated[int, Field(ge=1, le=2**53)]
Words = Annotated[str, AfterValidator(storable)]


class SocialLink(BaseModel):
    """A network and the company's page there."""

    model_config = ConfigDict(extra="forbid")

    network: Network
    url: HttpsUrl


class KitFields(BaseModel):
    """What a kit may hold; programs send and read it in this shape."""

    model_config = ConfigDict(extra="forbid")

    logo_image_id: ImageId | None = Field(None, description=N_("An image of the library."))
    logo_alt: Annotated[Words, Field(max_length=300)] = Field("", description=N_("What the logo says, read aloud."))
    primary: Color = Field(BrandKit.primary, description=N_("Buttons."))
    primary_text: Color = Field(BrandKit.primary_text, description=N_("Words on buttons."))
    text: Color = BrandKit.text
    background: Color = BrandKit.background
    surface: Color = Field(BrandKit.surface, description=N_("Behind the content."))
    link: Color = BrandKit.link
    dark_text: Color = BrandKit.dark_text
    dark_background: Color = BrandKit.dark_background
    dark_surface: Color = BrandKit.dark_surface
    dark_link: Color = BrandKit.dark_link
    heading_font: Font = BrandKit.heading_font
    body_font: Font = BrandKit.body_font
    button_radius: int = Field(BrandKit.button_radius, ge=0, le=WIDEST_RADIUS, description=N_("In pixels."))
    social: Annotated[list[SocialLink], Field(max_length=MOST_SOCIAL)] = []
    footer_text: Annotated[Words, Field(max_length=2000)] = ""


def kit_of(session: Session, workspace_id: int) -> BrandKit:
    """Return the kit of this workspace, or the default one. A logo that was removed is no logo."""
    row = session.get(StoredKit, workspace_id, populate_existing=True)
    if row is None:
        return BrandKit()
    logo = row.logo_image_id
    if logo is not None and images.find(session, workspace_id, logo) is None:
        logo = None
    known = {name: color for name, color in row.colors.items() if name in COLORS}
    return BrandKit(
        logo_image_id=logo,
        logo_alt=row.logo_alt,
        heading_font=row.heading_font,
        body_font=row.body_font,
        button_radius=row.button_radius,
        social=tuple((network, url) for network, url in row.social),
        footer_text=row.footer_text,
        **known,
    )


def hold(session: Session, workspace_id: int) -> BrandKit:
    """Return the kit, and keep others from changing it until the transaction ends."""
    session.get(StoredKit, workspace_id, with_for_update=True, populate_existing=True)
    return kit_of(session, workspace_id)


def save_kit(session: Session, workspace_id: int, kit: BrandKit, *, staff_id: int | None, now: datetime) -> BrandKit:
    """Let mails look so from now on; raise KitRefused. What has left stays as it was."""
    kept = checked(kit)
    if kept.logo_image_id is not None and images.find(session, workspace_id, kept.logo_image_id) is None:
        raise KitRefused(N_("The logo is no image of the library."), field="logo_image_id")
    values: dict[str, Any] = {
        "logo_image_id": kept.logo_image_id,
        "logo_alt": kept.logo_alt,
        "colors": kept.colors,
        "heading_font": kept.heading_font,
        "body_font": kept.body_font,
        "button_radius": kept.button_radius,
        "social": [list(link) for link in kept.social],
        "footer_text": kept.footer_text,
        "changed_at": now,
    }
    was = kit_of(session, workspace_id)
    stored = insert(StoredKit).values(workspace_id=workspace_id, **values)
    session.execute(stored.on_conflict_do_update(index_elements=["workspace_id"], set_=values))
    changed = sorted(name for name, value in asdict(kept).items() if asdict(was)[name] != value)
    audit.record(
        session,
        workspace_id,
        staff_id=staff_id,
        action="brand.changed",
        subject_kind="brand",
        subject_id=None,
        details={"changed": changed},
        now=now,
    )
    return kept


def fields_of(kit: BrandKit) -> KitFields:
    """Return the kit as programs read it; raise ValidationError."""
    links = [{"network": network, "url": url} for network, url in kit.social]
    return KitFields.model_validate({**asdict(kit), "social": links})


def kit_from(fields: KitFields) -> BrandKit:
    """Return the kit that programs sent."""
    links = tuple((link.network, link.url) for link in fields.social)
    return BrandKit(**{**fields.model_dump(), "social": links})


def checked(kit: BrandKit) -> BrandKit:
    """Return the kit as it is kept; raise KitRefused at the field that is wrong."""
    try:
        fields = fields_of(kit)
    except ValidationError as error:
        first = error.errors()[0]
        raise KitRefused(_reason(str(first["loc"][0])), field=str(first["loc"][0])) from error
    kept = kit_from(fields)
    for words, behind in _READ_ON:
        _require_contrast(kept, words, behind)
    return kept


def _require_contrast(kit: BrandKit, words: str, behind: str) -> None:
    color, background = getattr(kit, words), getattr(kit, behind)
    if contrast.is_enough(color, background):
        return
    values = {"color": color, "background": background, "ratio": f"{contrast.ratio(color, background):.1f}"}
    if words == "primary_text":
        message = N_(
            "Words in %(color)s on buttons in %(background)s have a contrast of %(ratio)s to 1; they need 4.5 to 1."
            " Use %(words)s for the words, or %(button)s for the button."
        )
        nearer = contrast.nearest(background, color)
        raise KitRefused(message, field=words, words=contrast.on(background), button=nearer, **values)
    raise KitRefused(
        N_(
            "Words in %(color)s on %(background)s have a contrast of %(ratio)s to 1; they need 4.5 to 1."
            " Use %(nearest)s."
        ),
        field=words,
        nearest=contrast.nearest(color, background),
        **values,
    )


_REASONS: dict[str, MessageId] = {
    "heading_font": N_("Choose one of the fonts."),
    "body_font": N_("Choose one of the fonts."),
    "button_radius": N_("Between 0 and 40 pixels."),
    "social": N_("Each social link is a whole address that begins with https://."),
    "footer_text": N_("At most 2,000 characters."),
    "logo_alt": N_("At most 300 characters."),
    "logo_image_id": N_("The logo is no image of the library."),
}


def _reason(field: str) -> MessageId:
    return _REASONS.get(field, N_("Write a colour as # and six digits, such as #2f5bd0."))
