"""Panels that other rooms draw on a page: a page defines its own class of them, wiring fills it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from flask import g
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.kernel.services import services

Subject = TypeVar("Subject")
# (session, workspace_id, subject, now) -> Markup, or "" when there is nothing to show
Panel = Callable[[Session, int, Subject, datetime], str]


@dataclass(frozen=True)
class Panels(Generic[Subject]):
    """What is drawn about a subject, in this order."""

    drawn: tuple[Panel[Subject], ...] = ()

    def render(self, subject: Subject) -> Markup:
        """Draw every panel for the workspace in use, in one transaction."""
        if not self.drawn:
            return Markup()
        with services().database.transaction(g.workspace.id) as session:
            now = services().clock.now()
            parts = [draw(session, g.workspace.id, subject, now) for draw in self.drawn]
        return Markup("\n").join(Markup(part) for part in parts if part)  # noqa: S704 - rooms render templates


class HomePanels(Panels[None]):
    """What the home page shows of every room."""
