"""The catalogue's pages, and what the commerce room shows on the pages of others."""

from __future__ import annotations

from app.commerce.views import owned_items, products, shops
from app.commerce.views.blueprint import bp
from app.commerce.views.panels import customer_panel, search

__all__ = ["bp", "customer_panel", "owned_items", "products", "search", "shops"]
