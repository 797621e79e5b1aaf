"""Consents and refusals that come with imported files."""
