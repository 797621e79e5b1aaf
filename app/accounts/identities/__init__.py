"""Sending identities: their domains, keys, relays and DNS checks."""
