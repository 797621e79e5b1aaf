"""The room's blueprint, and what its pages share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.web import language, shell

bp = Blueprint("consent", __name__, template_folder="../templates")


@dataclass(frozen=True)
class Sender:
    """Who writes to the visitor of a public page."""

    workspace_id: int
    slug: str
    name: str
    language: str


def sender_of(session: Session, workspace_id: int) -> Sender:
    """Return who a public page speaks for."""
    workspace = workspaces.get(session, workspace_id)
    return Sender(workspace.id, workspace.slug, workspace.sender_name, workspace.language)


def language_for(known: str | None) -> str:
    """Return the visitor's language: what they chose here, else what we know of them, else their browser's."""
    chosen = request.cookies.get(language.COOKIE)
    if chosen in language.LANGUAGES:
        return chosen
    if known and known[:2] in language.LANGUAGES:
        return known[:2]
    return request.accept_languages.best_match(list(language.LANGUAGES), "en") or "en"


def public_page(template: str, sender: Sender, code: str, **values: Any) -> str:
    """Show a customer's page in this language."""
    return shell.public_page(template, sender=sender.name, language_code=code, **values)


def purpose_titles() -> dict[str, str]:
    """Return what the purposes beside marketing are called on the pages of customers."""
    return {
        "open_tracking": _("Let us see whether you open our mails"),
        "click_tracking": _("Let us see which links you click"),
        "profiling": _("Let us suggest what may interest you"),
    }


def tabs() -> list[tuple[str, str, str]]:
    """Return the tabs of the consent pages that this visitor may open."""
    page = [("preferences", _("Preference page"), url_for("consent.edit_preference_page"))]
    return [
        ("overview", _("Overview"), url_for("consent.show_overview")),
        ("forms", _("Sign-up forms"), url_for("consent.list_forms")),
        *(page if g.role != "viewer" else []),
        ("topics", _("Topics"), url_for("consent.list_topics")),
        ("wordings", _("Consent texts"), url_for("consent.list_wordings")),
        ("suppressions", _("Suppression list"), url_for("consent.list_suppressions")),
        ("ledger", _("Consent log"), url_for("consent.show_ledger")),
    ]
