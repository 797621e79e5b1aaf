"""Shows on staff pages what the operator tells everybody."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app

from app.kernel.announcements import Announcement, Board
from app.kernel.settings import Settings

_EXTENSION = "assent.announcements"


def init_app(app: Flask, settings: Settings) -> None:
    """Let pages of this application read the installation's announcement."""
    app.extensions[_EXTENSION] = Board(settings.announcement_file)


def current() -> Announcement | None:
    """Return what is to be told now."""
    return cast(Board, current_app.extensions[_EXTENSION]).current()
