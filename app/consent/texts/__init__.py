"""Consent texts: the words people agree to."""
