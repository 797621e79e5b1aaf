"""The pages of the customers room."""

from app.customers.views import (
    addresses,
    card,
    customers,
    fields,
    files,
    imports,
    life_cycle,
    members,
    one,
    organisations,
    related,
    sources,
)
from app.customers.views.blueprint import bp
from app.customers.views.customers import search
from app.customers.views.life_cycle import home_panel
from app.customers.views.panels import CustomerPanels

__all__ = [
    "CustomerPanels",
    "addresses",
    "bp",
    "card",
    "customers",
    "fields",
    "files",
    "home_panel",
    "imports",
    "life_cycle",
    "members",
    "one",
    "organisations",
    "related",
    "search",
    "sources",
]
