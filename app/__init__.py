"""Assent: permission-based email marketing. Rooms on floors; see docs/architecture.md."""
