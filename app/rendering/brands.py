"""Brand values of a workspace that mail layouts use: names, colours, direction of writing."""

from __future__ import annotations

from dataclasses import dataclass

from app.accounts.models import Workspace
from app.rendering.blocks.look import DEFAULT, Look

ACCENT = "#2f5bd0"
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


def of_workspace(workspace: Workspace, language: str) -> Brand:
    """Return the brand mails of a workspace carry."""
    return Brand(workspace.sender_name or workspace.name, language or workspace.language)
