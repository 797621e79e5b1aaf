"""The pages of campaigns, one file per question; each adds its routes to the room's one blueprint."""

from __future__ import annotations

from app.campaigns.views import composing, designing, leaving, listing, reporting, translating, versioning
from app.campaigns.views.blueprint import bp
from app.campaigns.views.listing import search
from app.campaigns.views.reporting import held_panel, home_panel

__all__ = [
    "bp",
    "composing",
    "designing",
    "held_panel",
    "home_panel",
    "leaving",
    "listing",
    "reporting",
    "search",
    "translating",
    "versioning",
]
