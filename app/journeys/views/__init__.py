"""The pages of journeys, one file per question; each adds its routes to the room's one blueprint."""

from __future__ import annotations

from app.journeys.views import editing, flow, overview, people, planning
from app.journeys.views.blueprint import bp
from app.journeys.views.panels import attention_panel, customer_panel, search

__all__ = [
    "attention_panel",
    "bp",
    "customer_panel",
    "editing",
    "flow",
    "overview",
    "people",
    "planning",
    "search",
]
