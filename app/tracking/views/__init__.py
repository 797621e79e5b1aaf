"""The pages of tracking: the inbox of replies, websites, and what their visitors' browsers report."""

from __future__ import annotations

from app.tracking.views import browsers, inbox, websites
from app.tracking.views.blueprint import bp
from app.tracking.views.inbox import home_panel
from app.tracking.views.websites import settings_panel

__all__ = ["bp", "browsers", "home_panel", "inbox", "settings_panel", "websites"]
