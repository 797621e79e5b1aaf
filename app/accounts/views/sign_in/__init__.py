"""Signing in: the login page, its throttle, and the authentication of every request."""
