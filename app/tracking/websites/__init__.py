"""Websites whose visitors' browsers report events: keys, signed identities, and what is kept of what they report."""
