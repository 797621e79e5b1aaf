"""The pages of segments and lists, and what they show on the pages of others."""

from app.segments.views import building, comparing, listing, lists, members, watching
from app.segments.views.blueprint import bp
from app.segments.views.listing import search
from app.segments.views.panels import customer_panel

__all__ = ["bp", "building", "comparing", "customer_panel", "listing", "lists", "members", "search", "watching"]
