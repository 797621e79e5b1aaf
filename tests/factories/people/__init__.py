"""People of whom much is known."""
