"""Assent: permission-based email marketing. Rooms on floors; see docs/decisions/0001-floors.md."""
