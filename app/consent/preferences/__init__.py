"""The preference center and the links that lead to it."""
