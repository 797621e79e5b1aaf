"""Pages that make one customer of two: both side by side, the queue of those who may be, and two again."""

from app.customers.views.merging import merging, review

__all__ = ["merging", "review"]
