"""Clicks and opens: the endpoint, the spool, verdicts and storing."""
