"""Shops that are connected, and what they send."""
