"""The pages of the customers room."""

from app.customers.views import customers, fields, files, imports, one
from app.customers.views.blueprint import bp
from app.customers.views.customers import search

__all__ = ["bp", "customers", "fields", "files", "imports", "one", "search"]
