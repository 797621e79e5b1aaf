"""Brand values of a workspace that mail layouts use: names, colours, direction of writing."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.accounts.models import Workspace
from app.brands import images, kit
from app.brands.kit import BrandKit
from app.kernel import extensions
from app.kernel.extensions import Installation
from app.rendering.blocks.look import DEFAULT, Look

ACCENT = "#2f5bd0"
WIDEST_LOGO = 200
_PLAIN = (BrandKit.text, BrandKit.background, BrandKit.dark_background)
_RIGHT_TO_LEFT = ("ar", "fa", "he", "ur")
_WORDS = {
    "en": ("You receive this because you asked for it.", "Unsubscribe", "Email preferences"),
    "zh": ("您收到此邮件，是因为您曾同意接收。", "退订", "管理订阅"),
    "de": ("Sie erhalten diese E-Mail, weil Sie darum gebeten haben.", "Abmelden", "Einstellungen"),
    "fr": ("Vous recevez ce message parce que vous l'avez demandé.", "Se désinscrire", "Mes préférences"),
    "es": ("Recibe este correo porque lo ha solicitado.", "Darse de baja", "Mis preferencias"),
}


@dataclass(frozen=True)
class Brand:
    """The sender's name and colour, and the language a mail is written in."""

    name: str
    language: str = "en"
    accent: str = ACCENT
    look: Look = DEFAULT

    @property
    def direction(self) -> str:
        """Return the writing direction, as HTML's dir."""
        return "rtl" if self.language.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"

    @property
    def words(self) -> tuple[str, str, str]:
        """Return why this was sent, "unsubscribe" and "preferences" in the mail's language."""
        return _WORDS.get(self.language.partition("-")[0], _WORDS["en"])


def of_workspace(session: Session, workspace: Workspace, language: str, *, look: Look | None = None) -> Brand:
    """Return the brand mails of a workspace carry; whoever asks for many reads the `look` once."""
    return Brand(
        workspace.sender_name or workspace.name,
        language or workspace.language,
        look=look or look_of(session, workspace.id),
    )


def look_of(session: Session, workspace_id: int) -> Look:
    """Return how the workspace's brand kit draws a mail."""
    kept = kit.kit_of(session, workspace_id)
    logo = images.find(session, workspace_id, kept.logo_image_id) if kept.logo_image_id is not None else None
    public_url = extensions.of(session, Installation).public_url
    is_plain = (kept.text, kept.background, kept.dark_background) == _PLAIN
    return Look(
        **kept.colors,
        # Softer words are kept for grounds they are known to be legible on.
        soft_text=DEFAULT.soft_text if is_plain else kept.text,
        dark_soft_text=DEFAULT.dark_soft_text if is_plain else kept.dark_text,
        heading_font=kit.FONTS[kept.heading_font],
        body_font=kit.FONTS[kept.body_font],
        button_radius=kept.button_radius,
        logo_url=images.image_url(public_url, logo) if logo and public_url else "",
        logo_alt=kept.logo_alt,
        logo_width=min(logo.width, WIDEST_LOGO) if logo else 0,
        footer_text=kept.footer_text,
        social=tuple((kit.NETWORKS.get(network, network), url) for network, url in kept.social),
    )
