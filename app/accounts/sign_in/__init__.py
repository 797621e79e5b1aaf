"""Passwords and sessions of staff."""
