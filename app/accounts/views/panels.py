"""What other rooms draw on the page of settings."""

from __future__ import annotations

from app.web.panels import Panels


class SettingsPanels(Panels[None]):
    """The settings of the rooms above."""
