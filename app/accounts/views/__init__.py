"""The pages of accounts, one file per noun; each adds its routes to the room's one blueprint."""

from __future__ import annotations

from app.accounts.views import (
    audit,
    failed_jobs,
    identities,
    invitations,
    keys,
    memberships,
    set_up,
    staff,
    undo,
    workspace,
)
from app.accounts.views.blueprint import bp
from app.accounts.views.failed_jobs import home_panel
from app.accounts.views.panels import SettingsPanels
from app.accounts.views.set_up import home_panel as set_up_panel
from app.accounts.views.sign_in import login
from app.accounts.views.sign_in.authentication import RequestAuthenticator

__all__ = [
    "RequestAuthenticator",
    "SettingsPanels",
    "audit",
    "bp",
    "failed_jobs",
    "home_panel",
    "identities",
    "invitations",
    "keys",
    "login",
    "memberships",
    "set_up",
    "set_up_panel",
    "staff",
    "undo",
    "workspace",
]
