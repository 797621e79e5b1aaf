"""Pages about everything held of one person: taken along, and erased."""

from app.customers.views.erasing import erasing

__all__ = ["erasing"]
