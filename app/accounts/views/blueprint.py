"""The room's blueprint, and what its pages share."""

from __future__ import annotations

from flask import Blueprint, g, url_for
from flask_babel import gettext as _

bp = Blueprint("accounts", __name__, template_folder="../templates")


def settings_tabs() -> list[tuple[str, str, str]]:
    """Return the tabs of the settings that this visitor may open."""
    own = [("password", _("Your password"), url_for("accounts.show_password"))]
    if g.role != "owner":
        return own
    return [
        ("workspace", _("Workspace"), url_for("accounts.show_settings")),
        ("identities", _("Senders"), url_for("accounts.show_identities")),
        ("staff", _("Team"), url_for("accounts.show_staff")),
        ("keys", _("API keys"), url_for("accounts.show_keys")),
        ("shops", _("Connected shops"), url_for("commerce.list_shops")),
        ("websites", _("Websites"), url_for("tracking.show_websites")),
        ("costs", _("Cost rates"), url_for("commerce.edit_rates")),
        ("audit", _("Audit log"), url_for("accounts.show_audit")),
        *own,
    ]
