"""The pages of the customers room."""

from app.customers.views import (
    addresses,
    card,
    customers,
    fields,
    files,
    imports,
    members,
    one,
    organisations,
    related,
    sources,
)
from app.customers.views.blueprint import bp
from app.customers.views.customers import search
from app.customers.views.panels import CustomerPanels

__all__ = [
    "CustomerPanels",
    "addresses",
    "bp",
    "card",
    "customers",
    "fields",
    "files",
    "imports",
    "members",
    "one",
    "organisations",
    "related",
    "search",
    "sources",
]
