"""Panel slots that other rooms fill on a page, registered by wiring."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import g
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.kernel.services import services

SLOTS = ("home", "customer", "settings")
Draw = Callable[[Session, int, int, datetime], str]
_drawn: dict[str, dict[str, tuple[int, Draw]]] = {slot: {} for slot in SLOTS}


def register(slot: str, position: int, draw: Draw) -> None:
    """Let `draw(session, workspace_id, subject_id, now)` fill this place of the slot; lower positions come first.

    It returns Markup, or "" when it has nothing to show. Registering the same function again replaces it.
    """
    _drawn[slot][f"{draw.__module__}.{draw.__qualname__}"] = (position, draw)


def render(slot: str, subject_id: int = 0) -> Markup:
    """Draw every panel of the slot for the workspace in use, in one transaction."""
    ordered = sorted(_drawn[slot].items(), key=lambda item: (item[1][0], item[0]))
    if not ordered:
        return Markup()
    with services().database.transaction(g.workspace.id) as session:
        now = services().clock.now()
        parts = [draw(session, g.workspace.id, subject_id, now) for _, (_, draw) in ordered]
    return Markup("\n").join(Markup(part) for part in parts if part)  # noqa: S704 - rooms render templates
