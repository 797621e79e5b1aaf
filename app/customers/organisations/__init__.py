"""Organisations, below one another, and the people there with their parts in the buying centre."""
