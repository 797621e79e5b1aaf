"""The pages of follow-up."""

from __future__ import annotations

from app.followup.views import tasks
from app.followup.views.blueprint import bp
from app.followup.views.panels import customer_panel, home_panel

__all__ = ["bp", "customer_panel", "home_panel", "tasks"]
