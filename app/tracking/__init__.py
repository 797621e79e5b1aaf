"""What came back: clicks, opens and replies, each kept as raw facts with a separate, versioned verdict.

Words: a *hit* is one request for a link or an image as the server saw it; its *verdict* says who made it (human, proxy,
scanner, unsure). Promise: answering a hit needs neither PostgreSQL nor Redis, a hit that was spooled is stored
exactly once (beyond a limit for each message it is counted), and nothing about a person who did not allow it is stored
at all.
"""
