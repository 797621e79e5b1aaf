"""The pages of consent, one file per noun; each adds its routes to the room's one blueprint."""

from __future__ import annotations

from app.consent.views import (
    confirmation,
    forms,
    ledger_health,
    overview,
    preferences,
    profile_fields,
    signup,
    suppressions,
    topics,
    unsubscribe,
    wordings,
)
from app.consent.views.blueprint import bp
from app.consent.views.panels import customer_panel, home_panel

__all__ = [
    "bp",
    "confirmation",
    "customer_panel",
    "forms",
    "home_panel",
    "ledger_health",
    "overview",
    "preferences",
    "profile_fields",
    "signup",
    "suppressions",
    "topics",
    "unsubscribe",
    "wordings",
]
