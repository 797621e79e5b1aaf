"""Processes: embedded servers, supervision, sandboxes, and what garbage collection costs them."""
