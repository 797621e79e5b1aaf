"""The guided set-up on pages: its checklist, and how far it is on Home."""

from app.accounts.views.set_up import set_up
from app.accounts.views.set_up.set_up import home_panel

__all__ = ["home_panel", "set_up"]
