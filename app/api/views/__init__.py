"""The API's routes, and the page that explains them to staff."""

from __future__ import annotations

from app.api.views import brand, customers, docs, events, merges, relations, shop, webhooks
from app.api.views.blueprint import bp

__all__ = ["bp", "brand", "customers", "docs", "events", "merges", "relations", "shop", "webhooks"]
