"""The navigation rail, and the search over pages and records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, request
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.kernel import extensions
from app.web import guard

PER_ROOM = 5
Found = tuple[str, str, str]
# (session, workspace_id, text) -> [(title, detail, url)]
Search = Callable[[Session, int, str], list[Found]]


@dataclass(frozen=True)
class Place:
    """One destination: a word, a URL and an icon. `is_first` places stay in the phone's bar of five."""

    key: str
    label: Any
    url: str
    icon: str
    is_first: bool = False


RAIL = (
    Place("home", _("Home"), "/", "home", is_first=True),
    Place("customers", _("Customers"), "/customers", "users", is_first=True),
    Place("segments", _("Segments"), "/segments", "filter", is_first=True),
    Place("campaigns", _("Campaigns"), "/campaigns", "send", is_first=True),
    Place("journeys", _("Journeys"), "/journeys", "route"),
    Place("consent", _("Consent"), "/consent", "shield-check"),
    Place("insight", _("Insight"), "/insight", "chart-line"),
    Place("inbox", _("Inbox"), "/inbox", "inbox"),
    Place("settings", _("Settings"), "/settings", "settings"),
)
ACTIONS = (
    Place("new_campaign", _("New campaign"), "/campaigns/new", "plus"),
    Place("new_segment", _("New segment"), "/segments/new", "plus"),
    Place("new_journey", _("New journey"), "/journeys/new", "plus"),
    Place("new_form", _("New sign-up form"), "/consent/forms/new", "plus"),
    Place("import", _("Import customers"), "/customers/imports/new", "upload"),
)


@dataclass(frozen=True)
class Searches:
    """The rooms that answer what is typed in the search box."""

    of_rooms: tuple[Search, ...] = ()


def find(session: Session, workspace_id: int, text: str) -> list[Found]:
    """Ask every room; each may fill a few lines."""
    searches = extensions.of(session, Searches).of_rooms
    return [hit for search in searches for hit in search(session, workspace_id, text)[:PER_ROOM]]


def places() -> list[Place]:
    """Return the places of the rail that exist in this installation."""
    return [place for place in RAIL if exists(current_app, place.url)]


def matching(text: str) -> list[Place]:
    """Return pages and actions whose name holds the text, and that whoever asks may open."""
    wanted = text.casefold().strip()
    named = [place for place in (*RAIL, *ACTIONS) if wanted in str(place.label).casefold()]
    return [place for place in named if guard.allows(place.url)]


def is_here(place: Place) -> bool:
    """Say whether the page shown lies at this place."""
    if place.url == "/":
        return request.path == "/"
    return request.path == place.url or request.path.startswith(place.url + "/")


def exists(app: Flask, url: str) -> bool:
    """Say whether a GET of this path leads to a view."""
    known: set[str] | None = app.extensions.get("assent.places")
    if known is None:
        rules = (rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()))
        known = app.extensions["assent.places"] = {rule.rule.rstrip("/") or "/" for rule in rules}
    return url in known


def leads(url: str) -> bool:
    """Say whether this path is open in this installation; for templates."""
    return exists(current_app, url)
