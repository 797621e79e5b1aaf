"""The room's blueprint, and what its pages share."""

from __future__ import annotations

from flask import Blueprint, g
from flask_babel import gettext as _

bp = Blueprint("accounts", __name__, template_folder="../templates")


def settings_tabs() -> list[tuple[str, str, str]]:
    """Return the tabs of the settings that this visitor may open."""
    own = [("password", _("Your password"), "/settings/password")]
    if g.role != "owner":
        return own
    return [
        ("workspace", _("Workspace"), "/settings"),
        ("identities", _("Senders"), "/settings/identities"),
        ("staff", _("Team"), "/settings/staff"),
        ("keys", _("API keys"), "/settings/keys"),
        ("audit", _("Audit log"), "/settings/audit"),
        *own,
    ]
