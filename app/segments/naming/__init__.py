"""Segments that name other segments: where their rules are found, and how they take the place of the name."""
