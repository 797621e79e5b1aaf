"""The pages of accounts, one file per noun; each adds its routes to the room's one blueprint."""

from __future__ import annotations

from app.accounts.views import audit, doors, identities, invitations, keys, login, setbacks, staff, undo, workspace
from app.accounts.views.blueprint import bp
from app.accounts.views.doorkeeper import Doorkeeper
from app.accounts.views.setbacks import home_panel

__all__ = [
    "Doorkeeper",
    "audit",
    "bp",
    "doors",
    "home_panel",
    "identities",
    "invitations",
    "keys",
    "login",
    "setbacks",
    "staff",
    "undo",
    "workspace",
]
