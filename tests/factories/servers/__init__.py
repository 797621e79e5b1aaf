"""Processes that tests start: workers, mail and name servers, the web server, and what they need."""
