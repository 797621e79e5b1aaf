"""Data quality on pages: its figures, and the lists they become."""

from app.customers.views.quality import quality

__all__ = ["quality"]
