"""How mails made of blocks look: colours for light and dark, fonts, and the shape of buttons."""

from __future__ import annotations

from dataclasses import dataclass

SANS = "-apple-system,'Segoe UI',Roboto,'PingFang SC','Noto Sans SC',Helvetica,Arial,sans-serif"


@dataclass(frozen=True)
class Look:
    """Colours as #rrggbb, font stacks as CSS writes them, the button's corner radius in pixels.

    `logo_url` is empty where there is no logo: the sender's name stands in its place. `social` are pairs of a network's
    name and an address.
    """

    primary: str = "#2f5bd0"
    primary_text: str = "#ffffff"
    text: str = "#1f2430"
    soft_text: str = "#5b6472"
    link: str = "#2f5bd0"
    background: str = "#f4f5f7"
    surface: str = "#ffffff"
    line: str = "#d5dae3"
    dark_text: str = "#e8eaf0"
    dark_soft_text: str = "#a3acbb"
    dark_link: str = "#9db4ff"
    dark_background: str = "#12151b"
    dark_surface: str = "#1c2029"
    heading_font: str = SANS
    body_font: str = SANS
    button_radius: int = 6
    logo_url: str = ""
    logo_alt: str = ""
    logo_width: int = 0
    footer_text: str = ""
    social: tuple[tuple[str, str], ...] = ()


DEFAULT = Look()
