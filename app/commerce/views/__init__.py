"""The catalogue's pages, and what the commerce room shows on the pages of others."""

from __future__ import annotations

from app.commerce.views import costs, owned_items, products, shops
from app.commerce.views.blueprint import bp
from app.commerce.views.panels import balance_panel, customer_panel, search

__all__ = ["balance_panel", "bp", "costs", "customer_panel", "owned_items", "products", "search", "shops"]
