"""The navigation rail, and the search over pages and records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import current_app, request, url_for
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.kernel import extensions
from app.web import guard

PER_ROOM = 5
HOME = "web.home"
Found = tuple[str, str, str]
# (session, workspace_id, text) -> [(title, detail, url)]
Search = Callable[[Session, int, str], list[Found]]


@dataclass(frozen=True)
class Place:
    """One destination: a word, a view and an icon. `is_first` places stay in the phone's bar of five.

    What lies below its path belongs to it, and the pages in `also`, which have paths of their own.
    """

    key: str
    label: Any
    endpoint: str
    icon: str
    is_first: bool = False
    also: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Return its address."""
        return url_for(self.endpoint)

    @property
    def is_here(self) -> bool:
        """Say whether the page shown lies at this place."""
        if self.endpoint == HOME:
            return request.path == self.url
        return request.endpoint in self.also or f"{request.path}/".startswith(f"{self.url}/")


_ALSO_SETTINGS = ("api.show_docs", "accounts.show_set_up", "delivery.list_doubts", "delivery.show_doubts")
RAIL = (
    Place("home", _("Home"), HOME, "home", is_first=True),
    Place("customers", _("Customers"), "customers.show_customers", "users", is_first=True),
    Place("products", _("Products"), "commerce.list_products", "package"),
    Place("segments", _("Segments"), "segments.index", "filter", is_first=True),
    Place("campaigns", _("Campaigns"), "campaigns.index", "send", is_first=True),
    Place("journeys", _("Journeys"), "journeys.list_journeys", "route"),
    Place("images", _("Images"), "brands.list_images", "photo"),
    Place("brand", _("Brand"), "brands.show_brand", "palette"),
    Place("consent", _("Consent"), "consent.show_overview", "shield-check"),
    Place("insight", _("Insight"), "insight.show_insight", "chart-line"),
    Place("inbox", _("Inbox"), "tracking.inbox", "inbox"),
    Place("tasks", _("Tasks"), "followup.list_tasks", "checkbox"),
    Place("settings", _("Settings"), "accounts.show_settings", "settings", also=_ALSO_SETTINGS),
)
ACTIONS = (
    Place("new_campaign", _("New campaign"), "campaigns.new", "plus"),
    Place("new_segment", _("New segment"), "segments.new", "plus"),
    Place("new_journey", _("New journey"), "journeys.new_journey", "plus"),
    Place("new_form", _("New sign-up form"), "consent.new_form", "plus"),
    Place("import", _("Import customers"), "customers.new_import", "upload"),
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
    return [place for place in RAIL if exists(place.endpoint)]


def matching(text: str) -> list[Place]:
    """Return pages and actions whose name holds the text, and that whoever asks may open."""
    wanted = text.casefold().strip()
    named = [place for place in (*RAIL, *ACTIONS) if wanted in str(place.label).casefold() and exists(place.endpoint)]
    return [place for place in named if guard.allows(place.url)]


def exists(endpoint: str) -> bool:
    """Say whether this installation has the page; for templates too."""
    return endpoint in current_app.view_functions
