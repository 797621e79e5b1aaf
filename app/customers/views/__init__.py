"""The pages of the customers room."""

from app.customers.views import (
    addresses,
    card,
    customers,
    erasing,
    fields,
    files,
    imports,
    life_cycle,
    members,
    merging,
    one,
    organisations,
    quality,
    related,
    sources,
)
from app.customers.views.blueprint import bp
from app.customers.views.customers import search
from app.customers.views.life_cycle import home_panel
from app.customers.views.merging.review import duplicates_panel
from app.customers.views.panels import CustomerPanels, merges_panel

__all__ = [
    "CustomerPanels",
    "addresses",
    "bp",
    "card",
    "customers",
    "duplicates_panel",
    "erasing",
    "fields",
    "files",
    "home_panel",
    "imports",
    "life_cycle",
    "members",
    "merges_panel",
    "merging",
    "one",
    "organisations",
    "quality",
    "related",
    "search",
    "sources",
]
